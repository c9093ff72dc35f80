import { z } from 'zod'
import type { oas31 } from 'zod-openapi'
import { jsonValueSchema } from '../../domain/jsonSchema.js'
import type { NodeType, NodeTypes } from '../../domain/nodes/nodeType.js'

type Schemas = Record<string, oas31.SchemaObject>

/** `http.request` -> `HttpRequestConfig`. */
const configName = (type: string): string =>
  `${type
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')}Config`

/** Said as what it is, not as a union that holds itself: generators of clients make types of it that don't compile. */
const anyJson = { Json: { description: 'Any JSON value' } } as const

const toJsonSchema = (configSchema: z.ZodType): oas31.SchemaObject & { $defs?: Schemas } => {
  const { $schema: _, ...json } = z.toJSONSchema(configSchema, {
    io: 'input',
    unrepresentable: 'any',
    target: 'draft-2020-12',
    override: ({ zodSchema, jsonSchema }) => {
      if ((zodSchema as unknown) !== jsonValueSchema) return
      for (const member of Object.keys(jsonSchema)) delete jsonSchema[member]
      Object.assign(jsonSchema, anyJson.Json)
    },
  })
  return json as oas31.SchemaObject & { $defs?: Schemas }
}

/** A config's schema, and those that it refers to, as components of their own. */
const schemasOf = ({ type, description, configSchema }: NodeType): Schemas => {
  const name = configName(type)
  const json = toJsonSchema(configSchema)
  const isAny = (inner: string): boolean => json.$defs?.[inner]?.description === anyJson.Json.description
  const component = (inner: string): string => (isAny(inner) ? 'Json' : `${name}.${inner}`)
  const hoisted = JSON.stringify(json).replaceAll(
    /"#\/\$defs\/([^"]+)"/g,
    (_, inner: string) => `"#/components/schemas/${component(inner)}"`,
  )
  const { $defs = {}, ...schema } = JSON.parse(hoisted) as { $defs?: Schemas }
  const definitions = Object.entries($defs).map(([inner, definition]) => [component(inner), definition])
  return { [name]: { description: `Config of ${type}: ${description}`, ...schema }, ...Object.fromEntries(definitions) }
}

export const nodeTypeSchemas = (nodeTypes: NodeTypes): Schemas =>
  Object.assign({}, ...[...nodeTypes.values()].map(schemasOf))

/** The palette: each node type with its kind and where its config's schema is. */
export const nodeTypePalette = (nodeTypes: NodeTypes): object =>
  Object.fromEntries(
    [...nodeTypes.values()].map(({ type, kind, description }) => [
      type,
      { kind, description, config: `#/components/schemas/${configName(type)}` },
    ]),
  )

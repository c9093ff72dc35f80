import { z } from 'zod'
import type { oas31 } from 'zod-openapi'
import type { NodeType, NodeTypes } from '../../domain/nodes/nodeType.js'

type Schemas = Record<string, oas31.SchemaObject>

/** `http.request` -> `HttpRequestConfig`. */
const configName = (type: string): string =>
  `${type
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')}Config`

/** A config's schema, and those that it refers to, as components of their own. */
const schemasOf = ({ type, description, configSchema }: NodeType): Schemas => {
  const name = configName(type)
  const json = z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any', target: 'draft-2020-12' })
  const hoisted = JSON.stringify(json).replaceAll('"#/$defs/', `"#/components/schemas/${name}.`)
  const { $schema: _, $defs = {}, ...schema } = JSON.parse(hoisted) as { $schema?: string; $defs?: Schemas }
  const definitions = Object.entries($defs).map(([inner, definition]) => [`${name}.${inner}`, definition])
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

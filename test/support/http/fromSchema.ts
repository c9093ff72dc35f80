import fc, { type Arbitrary } from 'fast-check'
import type { OpenApiDocument } from '../../../src/http/openapi/createOpenApiDocument.js'

interface Schema {
  readonly $ref?: string
  readonly type?: string | string[]
  readonly enum?: unknown[]
  readonly const?: unknown
  readonly format?: string
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly minItems?: number
  readonly properties?: Record<string, Schema>
  readonly required?: string[]
  readonly additionalProperties?: boolean | Schema
  readonly items?: Schema
  readonly anyOf?: Schema[]
  readonly oneOf?: Schema[]
  readonly allOf?: Schema[]
}

/** Anything that JSON can say, with what people break things with. */
const junk: Arbitrary<unknown> = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom(
    '',
    ' ',
    '\u202e',
    '../..',
    "';--",
    '{{ 1 + }}',
    '{{ secrets.X }}',
    -1,
    2 ** 53,
    1e308,
    [],
    {},
    null,
    true,
  ),
)

/** Values that a JSON schema of the document allows, and now and then one that it does not. `ids`: things that are there. */
export const createArbitraries = (document: OpenApiDocument, ids: readonly string[]) => {
  const uuid = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...ids) },
    { weight: 1, arbitrary: fc.uuid({ version: 4 }) },
  )
  const name = fc.constantFrom('start', 'a', 'b', 'n1', 'TOKEN', 'approve', 'workflows', 'work', '12', '0')

  const textOf = ({ format, pattern }: Schema): Arbitrary<unknown> => {
    if (format === 'uuid') return uuid
    if (format === 'date-time') return fc.constantFrom('2026-01-01T00:00:00Z', '2999-12-31T23:59:59.999Z', 'yesterday')
    if (pattern !== undefined) return fc.oneof(name, fc.stringMatching(new RegExp(pattern)))
    return fc.oneof(name, uuid, fc.string({ unit: 'grapheme', maxLength: 12 }))
  }

  const objectOf = (schema: Schema, depth: number): Arbitrary<unknown> => {
    const properties = Object.entries(schema.properties ?? {}).map(([key, value]) => [key, anyValue(value, depth + 1)])
    const requiredKeys = (schema.required ?? []) as never[]
    const known = fc.record(Object.fromEntries(properties) as Record<string, Arbitrary<unknown>>, { requiredKeys })
    if (properties.length > 0) return known
    return depth > 5 ? fc.constant({}) : fc.dictionary(name, junk, { maxKeys: 3 })
  }

  const exact = (schema: Schema, depth: number): Arbitrary<unknown> => {
    if (schema.$ref !== undefined) {
      const found = document.components?.schemas?.[schema.$ref.split('/').at(-1) ?? '']
      return anyValue(found as Schema, depth)
    }
    if (schema.const !== undefined) return fc.constant(schema.const)
    if (schema.enum !== undefined) return fc.constantFrom(...schema.enum)
    const branches = schema.anyOf ?? schema.oneOf ?? schema.allOf
    if (branches !== undefined) return fc.oneof(...branches.map((branch) => exact(branch, depth)))
    const type = Array.isArray(schema.type) ? schema.type[0] : schema.type
    if (type === 'string') return textOf(schema)
    if (type === 'integer' || type === 'number') {
      const [min, max] = [schema.minimum ?? -5, schema.maximum ?? 1_000]
      return fc.oneof(fc.integer({ min: Math.max(min, -5), max: Math.min(max, 1_000) }), fc.constantFrom(min, max))
    }
    if (type === 'boolean') return fc.boolean()
    if (type === 'null') return fc.constant(null)
    if (type === 'array')
      return fc.array(anyValue(schema.items ?? {}, depth + 1), {
        minLength: Math.min(schema.minItems ?? 0, 3),
        maxLength: 3,
      })
    if (type === 'object' || schema.properties !== undefined) return objectOf(schema, depth)
    return junk
  }

  const anyValue = (schema: Schema, depth = 0): Arbitrary<unknown> =>
    fc.oneof({ weight: 30, arbitrary: exact(schema, depth) }, { weight: 1, arbitrary: junk })

  return { fromSchema: (schema: object) => anyValue(schema as Schema) }
}

import type { JsonObject, JsonValue } from '../../../domain/json.js'

/** Bounds of a user's JSON Schema, so that checking an input stays cheap whatever the schema. */
export const schemaLimits = { bytes: 64 * 1024, depth: 32, subschemas: 1_000 } as const

/** Keywords that would load, name or re-enter other schemas. */
const refused = new Set(['$id', '$anchor', '$dynamicRef', '$dynamicAnchor', '$recursiveRef', '$vocabulary', 'id'])

/** Keywords whose value is data or a map of names, not a schema. */
const dataKeywords = new Set(['const', 'enum', 'default', 'examples'])
const mapKeywords = new Set(['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas'])

/** How many schemas an input is held against in the worst case, with each local `$ref` written out, or why not. */
export type SchemaBound = { readonly problem: string } | { readonly subschemas: number }

/** Bounds a schema before anything compiles it. References must be local (`#/$defs/name`) and not recursive. */
export const boundSchema = (schema: JsonObject): SchemaBound => {
  if (JSON.stringify(schema).length > schemaLimits.bytes) return { problem: `larger than ${schemaLimits.bytes} bytes` }
  try {
    return { subschemas: countSchema(schema, { root: schema, open: new Set(), known: new Map() }, 0) }
  } catch (error) {
    if (error instanceof SchemaProblem) return { problem: error.message }
    throw error
  }
}

class SchemaProblem extends Error {}

interface Walk {
  readonly root: JsonObject
  /** References that are being followed: meeting one again is recursion. */
  readonly open: Set<string>
  readonly known: Map<string, number>
}

const countSchema = (schema: JsonValue, walk: Walk, depth: number): number => {
  if (depth > schemaLimits.depth) throw new SchemaProblem(`nested more than ${schemaLimits.depth} deep`)
  if (Array.isArray(schema)) return sum(schema.map((item) => countSchema(item, walk, depth + 1)))
  if (schema === null || typeof schema !== 'object') return 0
  let count = 1
  for (const [keyword, value] of Object.entries(schema)) {
    if (refused.has(keyword)) throw new SchemaProblem(`${keyword} is not supported`)
    if (keyword === '$ref') count += countReference(value, walk, depth)
    else if (mapKeywords.has(keyword)) count += countMap(keyword, value, walk, depth)
    else if (!dataKeywords.has(keyword)) count += countSchema(value, walk, depth + 1)
  }
  if (count > schemaLimits.subschemas) throw new SchemaProblem(`more than ${schemaLimits.subschemas} subschemas`)
  return count
}

const countMap = (keyword: string, map: JsonValue, walk: Walk, depth: number): number => {
  if (map === null || typeof map !== 'object') return 0
  const count = sum(Object.values(map).map((item) => countSchema(item, walk, depth + 1)))
  // Definitions cost where they are referred to.
  return keyword === '$defs' || keyword === 'definitions' ? 0 : count
}

const countReference = (reference: JsonValue, walk: Walk, depth: number): number => {
  if (typeof reference !== 'string' || !reference.startsWith('#/')) {
    throw new SchemaProblem('$ref must be local, such as #/$defs/name')
  }
  const known = walk.known.get(reference)
  if (known !== undefined) return known
  if (walk.open.has(reference)) throw new SchemaProblem(`${reference} refers to itself`)
  walk.open.add(reference)
  const count = countSchema(targetOf(walk.root, reference), walk, depth + 1)
  walk.open.delete(reference)
  walk.known.set(reference, count)
  return count
}

const targetOf = (root: JsonObject, reference: string): JsonValue => {
  let target: JsonValue = root
  for (const step of decodeURIComponent(reference).slice(2).split('/')) {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~')
    const next: JsonValue | undefined =
      target !== null && typeof target === 'object' && Object.hasOwn(target, key)
        ? (target as JsonObject)[key]
        : undefined
    if (next === undefined) throw new SchemaProblem(`${reference} is not there`)
    target = next
  }
  return target
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)

import type { JsonObject, JsonValue } from '../../domain/json.js'
import type { CelNode } from './celInternals.js'
import { memberPath } from './memberPath.js'
import type { Meter } from './meter.js'
import { toJson } from './toJson.js'

type Conversion = (value: unknown, meter: Meter) => JsonValue

const asItIs: Conversion = (value) => value as JsonValue

/**
 * How the result of this expression becomes JSON. What is read straight from the scope is JSON already, so it is not
 * walked, however large: `input`, or a member of a map literal that is `input.items`.
 */
export const conversionOf = (node: CelNode): Conversion => {
  if (node.meta.macro !== undefined || node.meta.alternate !== undefined) return toJson
  // Computed steps as well stay within the scope. Optional steps give an optional.
  if (isPlainAccess(node) && memberPath(node, () => false) !== undefined) return asItIs
  if (node.op !== 'map') return toJson
  const entries = node.args as readonly (readonly [CelNode, CelNode])[]
  const keys = entries.map(([key]) => (key.op === 'value' && typeof key.args === 'string' ? key.args : undefined))
  const named = keys.filter((key) => key !== undefined)
  if (named.length !== keys.length || new Set(named).size !== keys.length) return toJson
  const members = entries.map(([, value], index) => [named[index] ?? '', conversionOf(value)] as const)
  if (!members.some(([, conversion]) => conversion !== toJson)) return toJson
  return (value, meter) => {
    const map = value as Record<string, unknown>
    const result: JsonObject = {}
    for (const [key, convert] of members) if (Object.hasOwn(map, key)) result[key] = convert(map[key], meter)
    return result
  }
}

const isPlainAccess = (node: CelNode): boolean => {
  if (node.op === 'id') return true
  return (node.op === '.' || node.op === '[]') && isPlainAccess((node.args as readonly [CelNode])[0])
}

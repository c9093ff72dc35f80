import type { JsonValue } from '../../domain/json.js'

/** Deeper JSON from outside is refused. */
export const maxJsonDepth = 64

/**
 * Makes freshly parsed JSON from outside fit to be kept: members called `__proto__` are removed, since they would become
 * a prototype wherever they are assigned. False when it is nested too deeply.
 */
export const acceptJson = (value: JsonValue, depth = 0): boolean => {
  if (value === null || typeof value !== 'object') return true
  if (depth >= maxJsonDepth) return false
  if (!Array.isArray(value) && Object.hasOwn(value, '__proto__')) Reflect.deleteProperty(value, '__proto__')
  return Object.values(value).every((item) => acceptJson(item, depth + 1))
}

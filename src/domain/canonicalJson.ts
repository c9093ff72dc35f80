/**
 * Canonical JSON (RFC 8785): members sorted by UTF-16 code units, no white space, numbers and strings as ECMAScript
 * writes them. As JSON.stringify, it leaves out members that are undefined. Throws on NaN and infinities, which JSON
 * does not have. Written by hand because the hash chain needs it for every event of every append; a property test
 * holds it equal to the `canonicalize` package.
 */
export const canonicalJson = (value: unknown): string => {
  if (typeof value === 'string') return quoted(value)
  if (typeof value === 'number') return numeral(value)
  if (typeof value === 'boolean') return value ? 'true' : 'false'
  if (value === null || value === undefined) return 'null'
  if (Array.isArray(value)) return canonicalArray(value)
  if (typeof value === 'object') return canonicalObject(value as Record<string, unknown>)
  throw new TypeError(`JSON has no ${typeof value}`)
}

/** Whether two JSON values say the same; the order of keys does not count. */
export const sameJson = (a: unknown, b: unknown): boolean => a === b || canonicalJson(a) === canonicalJson(b)

const canonicalArray = (values: readonly unknown[]): string => {
  if (values.length === 0) return '[]'
  let text = `[${canonicalJson(values[0])}`
  for (let index = 1; index < values.length; index += 1) text += `,${canonicalJson(values[index])}`
  return `${text}]`
}

const canonicalObject = (object: Record<string, unknown>): string => {
  let text = ''
  for (const key of sortedKeys(object)) {
    const value = object[key]
    if (value === undefined) continue
    text += `${text === '' ? '{' : ','}${quoted(key)}:${canonicalJson(value)}`
  }
  return text === '' ? '{}' : `${text}}`
}

/** Objects mostly come sorted already or are small: looking first is cheaper than sorting always. */
const sortedKeys = (object: Record<string, unknown>): string[] => {
  const keys = Object.keys(object)
  for (let index = 1; index < keys.length; index += 1) {
    if ((keys[index - 1] as string) > (keys[index] as string)) return keys.sort()
  }
  return keys
}

const numeral = (value: number): string => {
  if (!Number.isFinite(value)) throw new TypeError(`JSON has no ${value}`)
  return Object.is(value, -0) ? '0' : String(value)
}

const plain = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/

const quoted = (text: string): string => (text.length < 64 && plain.test(text) ? `"${text}"` : JSON.stringify(text))

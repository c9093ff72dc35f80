import type { JsonObject, JsonValue } from './json.js'

/** What stands where a secret stood. */
export const redactedText = '[redacted]'

/** Shorter values are not looked for: they would be found everywhere, and tell nobody anything. */
const minLength = 4

/**
 * Removes secret values from a JSON value, in member names as well: as they are, and JSON-escaped, URL-encoded or in
 * base64 of any of these (standard and URL-safe, also as a part of longer encoded text, such as `user:secret` of basic
 * authentication or the body of an answer, and URL-encoded in turn).
 * Returns the value itself where there is nothing to remove.
 */
export const redact = (value: JsonValue, secretValues: readonly string[]): JsonValue => {
  const forms = [...new Set(secretValues.filter((secret) => secret.length >= minLength).flatMap(formsOf))]
    // The longest first, so that no part of a form is left standing.
    .sort((left, right) => right.length - left.length)
  return forms.length === 0 ? value : redactValue(value, forms)
}

const formsOf = (secret: string): string[] => {
  const escaped = JSON.stringify(secret).slice(1, -1)
  const texts = new Set([secret, escaped, JSON.stringify(escaped).slice(1, -1), ...encodedForms(secret)])
  const inBase64 = [...texts].flatMap(base64Forms)
  return [...texts, ...inBase64, ...inBase64.flatMap(encodedForms)]
}

const encodedForms = (secret: string): string[] => {
  const encoded = encodeURIComponent(Buffer.from(secret, 'utf8').toString('utf8'))
  const form = new URLSearchParams([['', secret]]).toString().slice(1)
  const lowerCase = (text: string): string => text.replace(/%[0-9A-F]{2}/g, (octet) => octet.toLowerCase())
  return [encoded, lowerCase(encoded), form, lowerCase(form), encoded.replaceAll('%20', '+')]
}

/**
 * Base64 of a text depends on where in a group of three bytes it begins. Of each of the three ways, the part is taken
 * that depends on the secret alone.
 */
const base64Forms = (secret: string): string[] => {
  const bytes = Buffer.from(secret, 'utf8')
  const forms = [0, 1, 2].map((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replace(/=+$/, '')
    const from = offset === 0 ? 0 : offset + 1
    const isCut = (offset + bytes.length) % 3 !== 0
    return encoded.slice(from, isCut ? -1 : undefined)
  })
  const whole = bytes.toString('base64')
  const both = [whole, whole.replace(/=+$/, ''), ...forms.filter((form) => form.length >= 2 * minLength)]
  return both.flatMap((form) => [form, form.replaceAll('+', '-').replaceAll('/', '_')])
}

const redactText = (text: string, forms: readonly string[]): string => {
  let result = text
  for (const form of forms) if (result.includes(form)) result = result.replaceAll(form, redactedText)
  return result
}

const redactValue = (value: JsonValue, forms: readonly string[]): JsonValue => {
  if (typeof value === 'string') return redactText(value, forms)
  if (typeof value === 'number') {
    const text = String(value)
    return forms.includes(text) ? redactedText : value
  }
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) {
    const items = value.map((item) => redactValue(item, forms))
    return items.some((item, index) => item !== value[index]) ? items : value
  }
  const entries = Object.entries(value).map(
    ([key, item]) => [redactText(key, forms), redactValue(item, forms)] as const,
  )
  const isChanged = entries.some(([key, item]) => !Object.hasOwn(value, key) || value[key] !== item)
  return isChanged ? (Object.fromEntries(entries) as JsonObject) : value
}

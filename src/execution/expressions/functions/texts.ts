import { charge, chargeText, type Meter } from '../meter.js'
import { type FunctionSpec, failed, wholeNumber } from './functionSpec.js'

/** Texts, numbers and booleans of a list in one text. */
export const joinTexts = (list: readonly unknown[], separator: unknown, meter: Meter): string => {
  const between = separator ?? ''
  if (typeof between !== 'string') throw failed('join() needs a text between the items')
  charge(meter, list.length)
  let length = between.length * list.length
  for (const item of list) length += typeof item === 'string' ? item.length : 20
  chargeText(meter, length)
  return list.map(asText).join(between)
}

const asText = (item: unknown): string => {
  if (typeof item === 'string') return item
  if (typeof item === 'number' || typeof item === 'bigint' || typeof item === 'boolean') return String(item)
  throw failed('join() takes texts, numbers and booleans')
}

const replaceAll = (text: string, search: string, replacement: string, meter: Meter): string => {
  if (search === '') throw failed('replace() needs something to look for')
  const parts = text.split(search)
  charge(meter, parts.length)
  chargeText(meter, text.length + (parts.length - 1) * replacement.length)
  return parts.join(replacement)
}

const pad = (text: string, size: unknown, filler: string, atStart: boolean, meter: Meter): string => {
  const length = wholeNumber(size, 'padding')
  chargeText(meter, Math.max(length, text.length))
  return atStart ? text.padStart(length, filler) : text.padEnd(length, filler)
}

const encode = (text: string): string => {
  try {
    return encodeURIComponent(text)
  } catch {
    throw failed('urlEncode(): the text is not well-formed Unicode')
  }
}

export const textFunctions = (meter: Meter): readonly FunctionSpec[] => [
  { signature: 'list.join(): string', handler: (list: unknown[]) => joinTexts(list, '', meter) },
  { signature: 'list.join(string): string', handler: (list: unknown[], by: string) => joinTexts(list, by, meter) },
  { signature: 'string.lower(): string', handler: (text: string) => text.toLowerCase() },
  { signature: 'string.upper(): string', handler: (text: string) => text.toUpperCase() },
  {
    signature: 'string.replace(string, string): string',
    handler: (text: string, search: string, by: string) => replaceAll(text, search, by, meter),
  },
  {
    signature: 'string.padStart(dyn, string): string',
    handler: (text: string, size: unknown, by: string) => pad(text, size, by, true, meter),
  },
  {
    signature: 'string.padEnd(dyn, string): string',
    handler: (text: string, size: unknown, by: string) => pad(text, size, by, false, meter),
  },
  { signature: 'urlEncode(string): string', handler: encode },
]

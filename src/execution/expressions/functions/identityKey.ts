import { charge, chargeText, type Meter } from '../meter.js'
import { toJson } from '../toJson.js'

/** A text that two values share exactly when they are equal as JSON: `1` and `1.0` do, the order of members is nothing. */
export const identityKey = (value: unknown, meter: Meter): string => {
  const key = keyOf(toJson(value, meter), meter)
  chargeText(meter, key.length)
  return key
}

const keyOf = (value: unknown, meter: Meter): string => {
  charge(meter, 4)
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (Array.isArray(value)) return bounded(`[${value.map((item) => keyOf(item, meter)).join(',')}]`, meter)
  const members = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1))
  return bounded(`{${members.map(([key, item]) => `${JSON.stringify(key)}:${keyOf(item, meter)}`).join(',')}}`, meter)
}

const bounded = (text: string, meter: Meter): string => {
  chargeText(meter, text.length)
  return text
}

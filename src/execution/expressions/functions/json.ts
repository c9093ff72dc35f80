import { expressionLimits } from '../limits.js'
import { charge, chargeText, type Meter } from '../meter.js'
import { toJson } from '../toJson.js'
import { type FunctionSpec, failed } from './functionSpec.js'

const stringify = (value: unknown, meter: Meter): string => {
  const json = toJson(value, meter)
  chargeText(meter, lengthOf(json, meter))
  return JSON.stringify(json)
}

/** At least the length of its JSON but for escapes; charged, and stopped beyond the limit, before any text is built. */
const lengthOf = (value: unknown, meter: Meter): number => {
  charge(meter, 1)
  if (typeof value === 'string') return value.length + 2
  if (value === null || typeof value !== 'object') return 8
  let length = 2
  for (const [key, item] of Object.entries(value)) {
    length += key.length + 4 + lengthOf(item, meter)
    if (length > expressionLimits.textLength) chargeText(meter, length)
  }
  return length
}

const parse = (text: string, meter: Meter): unknown => {
  charge(meter, text.length >> 2)
  try {
    return JSON.parse(text)
  } catch {
    throw failed('parseJson(): not JSON')
  }
}

type Members = Readonly<Record<string, unknown>>

const walk =
  <Result>(meter: Meter, list: (members: Members) => Result[]) =>
  (members: Members): Result[] => {
    charge(meter, Object.keys(members).length)
    return list(members)
  }

/** JSON texts, and the members of maps. */
export const jsonFunctions = (meter: Meter): readonly FunctionSpec[] => {
  const keys = walk(meter, (members) => Object.keys(members))
  const values = walk(meter, (members) => Object.values(members))
  const entries = walk(meter, (members) => Object.entries(members).map(([key, value]) => ({ key, value })))
  return [
    { signature: 'toJson(dyn): string', handler: (value: unknown) => stringify(value, meter) },
    { signature: 'parseJson(string): dyn', handler: (text: string) => parse(text, meter) },
    { signature: 'map.keys(): list<string>', handler: keys },
    { signature: 'keys(map): list<string>', handler: keys },
    { signature: 'map.values(): list', handler: values },
    { signature: 'values(map): list', handler: values },
    { signature: 'map.entries(): list<map>', handler: entries },
    { signature: 'entries(map): list<map>', handler: entries },
  ]
}

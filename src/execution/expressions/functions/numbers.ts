import { type FunctionSpec, failed } from './functionSpec.js'

type Numeric = number | bigint

const numeric = (value: unknown, name: string): Numeric => {
  if (typeof value === 'number' || typeof value === 'bigint') return value
  throw failed(`${name}() needs a number`)
}

/** Rounds doubles; an int is whole already. */
const rounding = (name: string, round: (value: number) => number): FunctionSpec => ({
  signature: `${name}(dyn): dyn`,
  handler: (value: unknown) => {
    const number = numeric(value, name)
    return typeof number === 'bigint' ? number : round(number)
  },
})

const absolute = (value: unknown): Numeric => {
  const number = numeric(value, 'abs')
  return number < 0 ? -number : number
}

const roundTo = (value: unknown, digits: unknown): number => {
  const places = Number(numeric(digits, 'round'))
  if (!Number.isInteger(places) || places < 0 || places > 15) throw failed('round() keeps 0 to 15 digits')
  return Number(Number(numeric(value, 'round')).toFixed(places))
}

export const numberFunctions: readonly FunctionSpec[] = [
  rounding('floor', Math.floor),
  rounding('ceil', Math.ceil),
  rounding('round', Math.round),
  { signature: 'round(dyn, dyn): double', handler: roundTo },
  { signature: 'abs(dyn): dyn', handler: absolute },
]

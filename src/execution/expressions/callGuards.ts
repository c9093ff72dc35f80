import { EvaluationError } from '@marcbachmann/cel-js'
import { matchesPattern } from './functions/patterns.js'
import { joinTexts } from './functions/texts.js'
import { charge, type Meter } from './meter.js'

type Guard = (parameters: readonly unknown[], meter: Meter) => void

/** In the worst case a search compares the whole needle at every place of the text. */
const search: Guard = ([text, needle], meter) => {
  if (typeof text !== 'string' || typeof needle !== 'string') return
  if (needle.length > 256) charge(meter, Math.ceil((text.length / 64) * (needle.length / 64)))
}

/** A time zone makes the host build a calendar, which takes some 50 microseconds. */
const inTimeZone: Guard = ([, zone], meter) => {
  if (zone === undefined) return
  if (typeof zone === 'string' && zone.length <= 64) return charge(meter, 2_000)
  throw new EvaluationError({ code: 'invalid_time_zone', message: 'not a time zone' })
}

const guards: ReadonlyMap<string, Guard> = new Map([
  ['contains', search],
  ['indexOf', search],
  ['lastIndexOf', search],
  ['split', search],
  ['replace', search],
  [
    'duration',
    ([text]) => {
      if (typeof text === 'string' && text.length > 64) {
        throw new EvaluationError({ code: 'invalid_duration', message: 'a duration has at most 64 characters' })
      }
    },
  ],
])

/** Charges for calls whose work is more than their operands' length, before they run. */
export const beforeCall: (name: string, parameters: readonly unknown[], meter: Meter) => void = (
  name,
  parameters,
  meter,
) => {
  const guard = guards.get(name)
  if (guard !== undefined) guard(parameters, meter)
  else if (name.startsWith('get')) inTimeZone(parameters, meter)
}

const integer = (value: unknown): number | undefined => {
  const number = typeof value === 'bigint' ? Number(value) : value
  return typeof number === 'number' && Number.isInteger(number) ? number : undefined
}

const substring = ([text, from, to]: readonly unknown[]): string | undefined => {
  const start = integer(from)
  const end = to === undefined ? undefined : integer(to)
  if (typeof text !== 'string' || start === undefined || (to !== undefined && end === undefined)) return undefined
  if (start >= 0 && start <= text.length && (end === undefined || (end >= start && end <= text.length))) {
    return text.substring(start, end)
  }
  throw new EvaluationError({ code: 'index_out_of_range', message: 'substring(): out of range' })
}

type Replacement = (parameters: readonly unknown[], meter: Meter) => unknown

/** Methods of cel-js that we carry out ourselves; undefined hands the call back to it. */
export const replacements: ReadonlyMap<string, Replacement> = new Map<string, Replacement>([
  [
    'matches',
    ([text, pattern], meter) =>
      typeof text === 'string' && typeof pattern === 'string' ? matchesPattern(text, pattern, meter) : undefined,
  ],
  ['join', ([list, separator], meter) => (Array.isArray(list) ? joinTexts(list, separator, meter) : undefined)],
  ['substring', substring],
])

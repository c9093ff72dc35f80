import { charge, type Meter } from '../meter.js'
import { type FunctionSpec, failed, wholeNumber } from './functionSpec.js'
import { identityKey } from './identityKey.js'
import { compareKeys, isOrdered, type Ordered } from './ordering.js'

type List = readonly unknown[]
type Numeric = number | bigint

const numbersOf = (list: List, name: string): readonly Numeric[] => {
  for (const item of list) {
    if (typeof item !== 'number' && typeof item !== 'bigint') throw failed(`${name}() needs a list of numbers`)
  }
  return list as readonly Numeric[]
}

/** Ints stay an int as long as there is no double among them. */
const sum = (list: List): Numeric => {
  const numbers = numbersOf(list, 'sum')
  const ints = numbers.filter((item) => typeof item === 'bigint')
  if (ints.length === numbers.length) return ints.reduce((total, item) => total + item, 0n)
  return numbers.reduce<number>((total, item) => total + Number(item), 0)
}

const average = (list: List): number => {
  if (list.length === 0) throw failed('avg() of an empty list')
  return Number(sum(list)) / list.length
}

const extreme = (list: List, name: string, sign: 1 | -1): Ordered => {
  const [first, ...rest] = list
  if (!isOrdered(first))
    throw failed(list.length === 0 ? `${name}() of an empty list` : `${name}() needs numbers or texts`)
  return rest.reduce<Ordered>((best, item) => (compareKeys(item, best) * sign > 0 ? (item as Ordered) : best), first)
}

const sorted = (list: List, meter: Meter): unknown[] => {
  charge(meter, list.length * Math.ceil(Math.log2(list.length + 2)))
  return [...list].sort((left, right) => compareKeys(left, right, meter))
}

const distinct = (list: List, meter: Meter): unknown[] => {
  const seen = new Set<string>()
  return list.filter((item) => {
    const key = identityKey(item, meter)
    return seen.has(key) ? false : seen.add(key) !== undefined
  })
}

const flatten = (list: List, meter: Meter): unknown[] => {
  charge(meter, list.length)
  for (const item of list) if (Array.isArray(item)) charge(meter, item.length)
  return list.flat()
}

const slice = (list: List, from: unknown, to: unknown): unknown[] =>
  list.slice(wholeNumber(from, 'slice()'), to === undefined ? undefined : wholeNumber(to, 'slice()'))

const range = (size: unknown, meter: Meter): bigint[] => {
  const length = wholeNumber(size, 'range()')
  if (length < 0) throw failed('range() needs a number of items')
  charge(meter, length)
  return Array.from({ length }, (_, index) => BigInt(index))
}

/** Methods of lists; each that needs no further operand is also a function, `sum(list)`. */
export const listFunctions = (meter: Meter): readonly FunctionSpec[] => {
  const walk =
    <Result>(handler: (list: List) => Result) =>
    (list: List): Result => {
      charge(meter, list.length)
      return handler(list)
    }
  const plain: Readonly<Record<string, [returns: string, handler: (list: List) => unknown]>> = {
    sum: ['dyn', walk(sum)],
    avg: ['double', walk(average)],
    min: ['dyn', walk((list) => extreme(list, 'min', -1))],
    max: ['dyn', walk((list) => extreme(list, 'max', 1))],
    sort: ['list', (list) => sorted(list, meter)],
    reverse: ['list', walk((list) => [...list].reverse())],
    flatten: ['list', (list) => flatten(list, meter)],
    distinct: ['list', (list) => distinct(list, meter)],
    unique: ['list', (list) => distinct(list, meter)],
  }
  return [
    ...Object.entries(plain).flatMap(([name, [returns, handler]]) => [
      { signature: `list.${name}(): ${returns}`, handler },
      { signature: `${name}(list): ${returns}`, handler },
    ]),
    { signature: 'list.slice(dyn): list', handler: (list: List, from: unknown) => slice(list, from, undefined) },
    {
      signature: 'list.slice(dyn, dyn): list',
      handler: (list: List, from: unknown, to: unknown) => slice(list, from, to),
    },
    { signature: 'range(dyn): list<int>', handler: (size: unknown) => range(size, meter) },
  ]
}

import { MongoError } from '../errors.js'
import { type Document, getField, isDocument, setField } from '../values/document.js'
import { ExactDecimal, ExactLong } from '../values/exact.js'

const LEAST = -(2n ** 63n)
const MOST = 2n ** 63n - 1n

/**
 * Carries out those `$inc` and `$mul` whose numbers JavaScript would round, and checks the rest as MongoDB does. Returns the
 * modifiers that are left.
 */
export const applyExactly = (document: Document, modifiers: Document): Document => {
  const rest = { ...modifiers }
  for (const operator of ['$inc', '$mul'] as const) {
    const operands = modifiers[operator]
    if (!isDocument(operands)) continue
    const left: Document = {}
    for (const [path, operand] of Object.entries(operands)) {
      if (!calculate(document, operator, path, operand)) setField(left, path, operand)
    }
    if (Object.keys(left).length > 0) rest[operator] = left
    else delete rest[operator]
  }
  return rest
}

/** False when mingo can do it as well. */
const calculate = (document: Document, operator: '$inc' | '$mul', path: string, operand: unknown): boolean => {
  const verb = operator === '$inc' ? 'increment' : 'multiply'
  if (!isNumeric(operand)) throw new MongoError('TypeMismatch', `Cannot ${verb} with non-numeric argument: {${path}}`)
  if (path.includes('$')) return false
  const place = placeOf(document, path)
  if (place === undefined) return false
  const current = getField(place.parent, place.name)
  if (current !== undefined && !isNumeric(current)) {
    throw new MongoError(
      'TypeMismatch',
      `Cannot apply ${operator} to a value of non-numeric type in the field '${path}'`,
    )
  }
  if (current instanceof ExactDecimal || operand instanceof ExactDecimal) {
    throw new MongoError('BadValue', `${operator} of decimal numbers is not supported`)
  }
  const start = current ?? 0
  const wide = start instanceof ExactLong || operand instanceof ExactLong
  if (!wide && Number.isSafeInteger(operator === '$inc' ? start + operand : start * operand)) return false
  if (![start, operand].every((value) => value instanceof ExactLong || Number.isSafeInteger(value))) {
    if (!wide) return false
    const [left, right] = [Number(start.valueOf()), Number(operand.valueOf())]
    setField(place.parent, place.name, operator === '$inc' ? left + right : left * right)
    return true
  }
  const [left, right] = [BigInt(start.valueOf()), BigInt(operand.valueOf())]
  const result = operator === '$inc' ? left + right : left * right
  if (result < LEAST || result > MOST) {
    throw new MongoError('BadValue', `Failed to apply ${operator} operations to current value (${left}) in '${path}'`)
  }
  const number = Number(result)
  setField(place.parent, place.name, Number.isSafeInteger(number) ? number : new ExactLong(result))
  return true
}

const isNumeric = (value: unknown): value is number | ExactLong | ExactDecimal =>
  typeof value === 'number' || value instanceof ExactLong || value instanceof ExactDecimal

const placeOf = (document: Document, path: string): { parent: Document; name: string } | undefined => {
  const steps = path.split('.')
  const name = steps.pop() ?? path
  let parent: unknown = document
  for (const step of steps) parent = isDocument(parent) ? getField(parent, step) : undefined
  return isDocument(parent) ? { parent, name } : undefined
}

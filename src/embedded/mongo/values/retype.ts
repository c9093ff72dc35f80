import { Decimal128, Double, Int32, Long } from 'bson'
import { getField, isDocument, setField } from './document.js'
import { fromQueryable, toQueryable } from './queryable.js'

/**
 * Gives the numbers of `value` (as queries see them) the BSON type that the same place has in one of `models`: what an update
 * sets, or the stored document. An int stays an int, a double a double, a long a long, whatever JavaScript made of it.
 */
export const retype = (value: unknown, ...models: unknown[]): unknown => {
  const known = models.filter((model) => model !== undefined)
  if (typeof value === 'number') return retypeNumber(value, known)
  if (Array.isArray(value)) {
    const arrays = known.filter((model) => Array.isArray(model))
    return value.map((item, index) => retype(item, ...arrays.map((model): unknown => model[index])))
  }
  if (!isDocument(value)) return fromQueryable(value)
  const documents = known.filter(isDocument)
  const result = {}
  for (const name of Object.keys(value)) {
    setField(result, name, retype(value[name], ...documents.map((model) => getField(model, name))))
  }
  return result
}

/** The wider type wins, as in MongoDB's arithmetic: int, long, double. */
const retypeNumber = (value: number, models: readonly unknown[]): unknown => {
  const same = models.find((model) => isNumber(model) && toQueryable(model) === value && !(model instanceof Int32))
  if (same !== undefined) return same
  if (models.some((model) => model instanceof Double)) return new Double(value)
  if (Number.isSafeInteger(value) && models.some((model) => model instanceof Long)) return Long.fromNumber(value)
  return fromQueryable(value)
}

const isNumber = (model: unknown): boolean =>
  model instanceof Int32 || model instanceof Long || model instanceof Double || model instanceof Decimal128

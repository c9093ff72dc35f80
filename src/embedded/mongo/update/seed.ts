import { type Document, isDocument } from '../values/document.js'
import { setPath } from './setPath.js'

/** Fields that a filter demands to equal one value. */
export const seedOf = (filter: Document): Document => {
  const seed: Document = {}
  const collect = (part: Document): void => {
    for (const [field, condition] of Object.entries(part)) {
      if (field === '$and' && Array.isArray(condition)) condition.filter(isDocument).forEach(collect)
      else if (!field.startsWith('$') && !(condition instanceof RegExp)) {
        const operators = isDocument(condition) && Object.keys(condition).some((name) => name.startsWith('$'))
        if (!operators) setPath(seed, field, condition)
        else if (isDocument(condition) && '$eq' in condition) setPath(seed, field, condition.$eq)
      }
    }
  }
  collect(filter)
  return seed
}

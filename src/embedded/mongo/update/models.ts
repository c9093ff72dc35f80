import { type Document, getField, isDocument } from '../values/document.js'
import { setPath } from './setPath.js'

/**
 * A document that has, at the places which an update writes, the values of the update in their BSON types: the model by which
 * `retype` gives the result its types. `before` is the typed document that is updated.
 */
export const modelOf = (modifiers: Document, before: Document | undefined): Document => {
  const model: Document = {}
  for (const [operator, operands] of Object.entries(modifiers)) {
    if (!isDocument(operands)) continue
    for (const [path, operand] of Object.entries(operands)) {
      if (path.includes('$')) continue
      if (operator === '$push' || operator === '$addToSet') setPath(model, path, appended(before, path, operand))
      else setPath(model, path, operand)
    }
  }
  return model
}

/** New items stand behind those which the array has already. */
const appended = (before: Document | undefined, path: string, operand: unknown): unknown[] => {
  const current = path
    .split('.')
    .reduce<unknown>((at, step) => (isDocument(at) ? getField(at, step) : undefined), before)
  const added = isDocument(operand) && Array.isArray(operand.$each) ? operand.$each : [operand]
  return [...(Array.isArray(current) ? current : []), ...added]
}

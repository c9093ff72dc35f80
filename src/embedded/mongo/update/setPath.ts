import { type Document, getField, isDocument, setField } from '../values/document.js'

/** Sets the field at a dotted path, making documents on the way where there are none. */
export const setPath = (model: Document, path: string, value: unknown): void => {
  const steps = path.split('.')
  const name = steps.pop() ?? path
  let at = model
  for (const step of steps) {
    const next = getField(at, step)
    const child: Document = isDocument(next) ? next : {}
    if (next !== child) setField(at, step, child)
    at = child
  }
  setField(at, name, value)
}

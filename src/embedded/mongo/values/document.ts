/** A BSON document in memory. Fields keep their order. */
export type Document = Record<string, unknown>

export const isDocument = (value: unknown): value is Document =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype

/** Plain assignment to `__proto__` would set the prototype; data must not be able to. */
export const setField = (document: Document, name: string, value: unknown): void => {
  if (name === '__proto__') {
    Object.defineProperty(document, name, { value, enumerable: true, configurable: true, writable: true })
  } else document[name] = value
}

export const getField = (document: Document, name: string): unknown =>
  Object.hasOwn(document, name) ? document[name] : undefined

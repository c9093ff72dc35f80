import { toMongoError } from '../errors.js'
import type { Document } from '../values/document.js'

export interface WriteError {
  readonly index: number
  readonly error: unknown
}

/** Single writes of a batch fail by themselves: the command succeeds and lists them. */
export const writeReply = (reply: Document, errors: readonly WriteError[]): Document => {
  if (errors.length === 0) return { ...reply, ok: 1 }
  const writeErrors = errors.map(({ index, error }) => {
    const { code, message, extra } = toMongoError(error)
    return { index, code, errmsg: message, ...extra }
  })
  return { ...reply, writeErrors, ok: 1 }
}

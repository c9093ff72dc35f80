import { LogUnavailable } from '../eventStore.js'

const unavailableTypes = new Set(['unavailable', 'cancelled', 'timeout', 'deadline-exceeded', 'not-leader'])
/** gRPC: CANCELLED, DEADLINE_EXCEEDED, ABORTED, UNAVAILABLE. */
const unavailableCodes = new Set([1, 4, 10, 14])

/** A call that was reset without a status: its server was stopped, or something between us and it was. gRPC says INTERNAL then. */
const wasReset = (message: string): boolean => message.includes('RST_STREAM')

/** What the client's errors (`type`) and those of gRPC (`code`, and the server's exception as a trailer) say of themselves. */
interface CallError extends Error {
  readonly type?: unknown
  readonly code?: unknown
  readonly metadata?: { get?(key: string): unknown[] }
}

/** Errors of calls as ours: the connection is lost, the server is busy, or another node leads now. Anything else is passed on. */
export const asLogError = (error: unknown): unknown => {
  if (!(error instanceof Error)) return error
  const { type, code, metadata } = error as CallError
  const named = String(type ?? metadata?.get?.('exception')[0])
  const unavailable =
    unavailableTypes.has(named) || (typeof code === 'number' && unavailableCodes.has(code)) || wasReset(error.message)
  return unavailable ? new LogUnavailable(error.message, { cause: error }) : error
}

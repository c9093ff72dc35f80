import { LogUnavailable } from '../eventStore.js'

const unavailableTypes = new Set(['unavailable', 'cancelled', 'timeout', 'deadline-exceeded', 'not-leader'])
/** gRPC: CANCELLED, DEADLINE_EXCEEDED, ABORTED, UNAVAILABLE. */
const unavailableCodes = new Set([1, 4, 10, 14])

/**
 * The client's errors as ours. While the server is down its first error can be a raw gRPC one without a `type`, so the
 * status code is looked at too. Anything else is passed on as it is.
 */
export const asLogError = (error: unknown): unknown => {
  if (!(error instanceof Error)) return error
  const { type, code } = error as Error & { type?: unknown; code?: unknown }
  const unavailable =
    (typeof type === 'string' && unavailableTypes.has(type)) || (typeof code === 'number' && unavailableCodes.has(code))
  return unavailable ? new LogUnavailable(error.message, { cause: error }) : error
}

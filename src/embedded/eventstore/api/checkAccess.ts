import type { ServerContext } from '../context.js'
import { isAllowed, isOperator, type StreamAction } from '../security/accessControl.js'
import type { Principal } from '../security/principals.js'
import type { Call } from '../wire/call.js'
import { GrpcError, Status } from '../wire/status.js'
import { accessDenied } from './errors.js'

/** A call bears its credentials once, however many appends run over it. */
const callers = new WeakMap<Call, Principal>()

/**
 * Refuses what the caller may not do to a stream, and names that no stream has.
 * @throws GrpcError
 */
export function checkAccess(context: ServerContext, call: Call, action: StreamAction, stream: string): void {
  if (stream === '' || stream === '$$') throw new GrpcError(Status.unknown, 'The stream name is empty.')
  if (!isAllowed(context.store, callerOf(context, call), action, stream)) throw accessDenied()
}

/** Refuses callers who may not manage persistent subscriptions or operate the server. */
export function checkOperator(context: ServerContext, call: Call): void {
  if (!isOperator(callerOf(context, call))) throw accessDenied()
}

export function callerOf(context: ServerContext, call: Call): Principal {
  const known = callers.get(call)
  if (known) return known
  const caller = context.authenticate(call.headers.authorization)
  callers.set(call, caller)
  return caller
}

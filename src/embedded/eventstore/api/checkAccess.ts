import type { ServerContext } from '../context.js'
import type { Call } from '../wire/call.js'
import { GrpcError, Status } from '../wire/status.js'
import { accessDenied } from './errors.js'

/** Refuses names that nothing may be appended to. */
export function checkAppend(_context: ServerContext, _call: Call, stream: string): void {
  checkName(stream)
  if (stream === '$all') throw accessDenied()
}

/** Refuses what the caller may not read. */
export function checkRead(_context: ServerContext, _call: Call, stream: string): void {
  checkName(stream)
}

/** Refuses callers who may not manage persistent subscriptions. */
export function checkGroupAdmin(_context: ServerContext, _call: Call): void {}

export function userOf(_context: ServerContext, _call: Call): string {
  return 'anonymous'
}

function checkName(stream: string): void {
  if (stream === '' || stream === '$$') throw new GrpcError(Status.unknown, 'The stream name is empty.')
}

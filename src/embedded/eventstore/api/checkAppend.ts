import type { ServerContext } from '../context.js'
import type { Call } from '../wire/call.js'
import { GrpcError, Status } from '../wire/status.js'
import { accessDenied } from './errors.js'

/** Refuses names that nothing may be appended to. */
export function checkAppend(_context: ServerContext, _call: Call, stream: string): void {
  if (stream === '' || stream === '$$') throw new GrpcError(Status.unknown, 'The stream name is empty.')
  if (stream === '$all') throw accessDenied()
}

import type { ServerContext } from '../context.js'
import type { Call } from '../wire/call.js'
import { GrpcError, Status } from '../wire/status.js'

/** Refuses what the caller may not read. */
export function checkRead(_context: ServerContext, _call: Call, stream: string): void {
  if (stream === '' || stream === '$$') throw new GrpcError(Status.unknown, 'The stream name is empty.')
}

import type { Call } from '../wire/call.js'
import { frame } from '../wire/messageAssembler.js'
import { GrpcError, Status } from '../wire/status.js'
import type { CallHandler } from './handler.js'

/** A call with one request and one answer. */
export function unary(answer: (request: Buffer, call: Call) => Buffer | Promise<Buffer>): CallHandler {
  return oneRequest((request, call) => {
    void Promise.resolve()
      .then(() => answer(request, call))
      .then(
        (response) => {
          call.write(frame(response))
          call.end()
        },
        (error: unknown) => call.fail(error),
      )
  })
}

/** A call with one request that is answered as `respond` sees fit. */
export function oneRequest(respond: (request: Buffer, call: Call) => void): CallHandler {
  return (call) => {
    let request: Buffer | undefined
    return {
      onMessage(message) {
        if (request) throw new GrpcError(Status.internal, 'The call takes one message.')
        request = message
      },
      onEnd() {
        if (!request) throw new GrpcError(Status.internal, 'The call has no message.')
        respond(request, call)
      },
    }
  }
}

import { createHash, timingSafeEqual } from 'node:crypto'
import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import { type Call, createCall } from '../wire/call.js'
import { timeoutOf } from '../wire/deadline.js'
import { MessageAssembler } from '../wire/messageAssembler.js'
import { releaseMessage } from '../wire/messageRelease.js'
import { GrpcError, Status } from '../wire/status.js'
import type { CallHandler, CallReceiver } from './handler.js'
import { OPEN_ROUTES } from './routes.js'

type StreamListener = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void

/** Leads each HTTP/2 stream to its handler, when it bears the access key. `open` holds the calls that are running. */
export function createDispatch(
  routes: ReadonlyMap<string, CallHandler>,
  accessKey: string,
  open: Set<Call> = new Set(),
): StreamListener {
  const isAllowed = createKeyCheck(accessKey)

  return (stream, headers) => {
    // Resets and broken connections end in 'close', where the handlers look.
    stream.on('error', () => undefined)
    const call = createCall(stream, headers)
    const path = headers[':path'] ?? ''
    const handler = routes.get(path)
    if (headers[':method'] !== 'POST') return refuse(stream, 405)
    if (!headers['content-type']?.startsWith('application/grpc')) return refuse(stream, 415)
    if (!OPEN_ROUTES.has(path) && !isAllowed(headers['connection-name'])) {
      return call.fail(
        new GrpcError(Status.unauthenticated, 'The connection name is not the access key of this server.'),
      )
    }
    if (!handler) return call.fail(new GrpcError(Status.unimplemented, `${path} is not implemented.`))
    open.add(call)
    call.onClose(() => open.delete(call))
    limitTime(stream, call, timeoutOf(headers['grpc-timeout']))
    receive(stream, () => handler(call), call.fail)
    releaseMessage(stream, call)
  }
}

function receive(stream: ServerHttp2Stream, begin: () => CallReceiver, fail: (error: unknown) => void): void {
  let failed = false
  const guard = (step: () => void) => {
    if (failed) return
    try {
      step()
    } catch (error) {
      failed = true
      fail(error)
      discard(stream)
    }
  }
  guard(() => {
    const receiver = begin()
    const assembler = new MessageAssembler((message) => receiver.onMessage(message))
    stream.on('data', (chunk: Buffer) => guard(() => assembler.push(chunk)))
    stream.on('end', () =>
      guard(() => {
        if (stream.aborted) return
        if (assembler.incomplete) throw new GrpcError(Status.internal, 'The request ended inside a message.')
        receiver.onEnd()
      }),
    )
  })
}

/** Ends a call whose time is over, also when its client has gone without a word. */
function limitTime(stream: ServerHttp2Stream, call: Call, timeout: number | undefined): void {
  if (timeout === undefined) return
  const timer = setTimeout(() => {
    call.fail(new GrpcError(Status.deadlineExceeded, 'The deadline of the call has passed.'))
    discard(stream)
  }, timeout)
  call.onClose(() => clearTimeout(timer))
}

/** Throws away the rest of a request that has been answered, and does not wait for its end for ever. */
function discard(stream: ServerHttp2Stream): void {
  stream.resume()
  const timer = setTimeout(() => stream.close(constants.NGHTTP2_NO_ERROR), 1_000)
  timer.unref()
  stream.once('close', () => clearTimeout(timer))
}

function refuse(stream: ServerHttp2Stream, status: number): void {
  stream.respond({ ':status': status }, { endStream: true })
}

function createKeyCheck(accessKey: string): (given: string | string[] | undefined) => boolean {
  if (accessKey === '') return () => true
  const expected = digest(accessKey)
  return (given) => typeof given === 'string' && timingSafeEqual(digest(given), expected)
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import { roundTrip } from './roundTrip.js'
import { type GrpcError, toGrpcError, trailersOf } from './status.js'

/** What HTTP/2 lets be on its way when a client says nothing else, in bytes. */
const DEFAULT_WINDOW = 65_535
/** More would make a reader hold more, and save nothing. */
const MAX_PORTION = 64 * 1024
/** What makes three portions a little more than a window. */
const SURPLUS = 2 * 1024
const RESPONSE_HEADERS = { ':status': 200, 'content-type': 'application/grpc' }

/** One gRPC call as its handler sees it. */
export interface Call {
  readonly headers: IncomingHttpHeaders
  /** Address and port of the client. */
  readonly peer: string
  /** True once the client has gone or the call has ended. */
  readonly closed: boolean
  /** Sends the headers of the answer, when they are not sent yet. */
  begin(): void
  /**
   * Bytes that are best sent at once: a third of what the client lets be on its way. It works on one third while it has another, and
   * what it has asked for after the one before comes. Were all sent at once, it would have nothing to do each time it asks for more.
   */
  readonly portion: number
  /**
   * Sends framed messages. False asks the caller to wait for `drained` before it sends more. Their buffer may be used again when
   * `sent` is called: they are on their way or, where the call has ended before, dropped. Node reads nothing of a connection, and
   * so no reset, while its socket holds a part of a buffer.
   */
  write(frames: Buffer, sent?: () => void): boolean
  /** Resolves when the client can take more, or has gone. */
  drained(): Promise<void>
  /**
   * Resolves when the client has had its chance to take back the end of its request. Node's HTTP/2, and with it the official
   * client, ends a request that it cancels before it resets it, so that a part of it looks like all of it until then.
   */
  endConfirmed(): Promise<void>
  onClose(listener: () => void): void
  end(): void
  fail(error: unknown): void
}

export function createCall(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Call {
  let outcome: GrpcError | undefined
  let finished = false
  let wakeDrain: (() => void) | undefined

  const wake = () => {
    wakeDrain?.()
    wakeDrain = undefined
  }
  stream.on('drain', wake)
  stream.on('close', wake)
  stream.on('wantTrailers', () => {
    if (!stream.destroyed) stream.sendTrailers(trailersOf(outcome))
  })

  const isClosed = () => finished || stream.destroyed || stream.closed

  const begin = () => {
    if (!isClosed() && !stream.headersSent) stream.respond(RESPONSE_HEADERS, { waitForTrailers: true })
  }

  const { session } = stream
  const socket = session?.socket
  const window = session?.remoteSettings.initialWindowSize ?? DEFAULT_WINDOW

  return {
    headers,
    peer: `${socket?.remoteAddress}:${socket?.remotePort}`,
    get closed() {
      return isClosed()
    },
    begin,
    portion: Math.min(Math.ceil(window / 3) + SURPLUS, MAX_PORTION),
    write(frames, sent) {
      if (isClosed()) return true
      begin()
      return sent === undefined ? stream.write(frames) : stream.write(frames, (error) => error ?? sent())
    },
    drained() {
      if (isClosed() || !stream.writableNeedDrain) return Promise.resolve()
      return new Promise((resolve) => {
        const previous = wakeDrain
        wakeDrain = () => {
          previous?.()
          resolve()
        }
      })
    },
    endConfirmed: () => (session ? roundTrip(session) : Promise.resolve()),
    onClose(listener) {
      if (stream.destroyed) listener()
      else stream.once('close', listener)
    },
    end() {
      if (isClosed()) return
      begin()
      finished = true
      stream.end()
    },
    fail(error) {
      if (isClosed()) return
      finished = true
      outcome = toGrpcError(error)
      if (stream.headersSent) stream.end()
      else stream.respond({ ...RESPONSE_HEADERS, ...trailersOf(outcome) }, { endStream: true })
    },
  }
}

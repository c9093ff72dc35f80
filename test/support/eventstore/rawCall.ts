import { type ClientHttp2Session, connect, type IncomingHttpHeaders, type Settings } from 'node:http2'
import { frame } from '../../../src/embedded/eventstore/wire/messageAssembler.js'

export interface RawAnswer {
  /** HTTP status. */
  readonly status: number | undefined
  /** Headers and trailers together. */
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export function openSession(port: number, settings: Settings = {}): ClientHttp2Session {
  const session = connect(`http://127.0.0.1:${port}`, { maxSessionMemory: 1_000, settings })
  session.on('error', () => undefined)
  return session
}

/** Makes one call with the bytes it is given, which may be anything. */
export function rawCall(
  session: ClientHttp2Session,
  path: string,
  bytes: Buffer,
  headers: Record<string, string> = {},
): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...headers,
    })
    let collected: IncomingHttpHeaders = {}
    const chunks: Buffer[] = []
    const add = (more: IncomingHttpHeaders) => {
      collected = { ...collected, ...more }
    }
    stream.on('response', add)
    stream.on('trailers', add)
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('error', () => undefined)
    stream.on('close', () =>
      resolve({ status: collected[':status'] as number | undefined, headers: collected, body: Buffer.concat(chunks) }),
    )
    stream.end(bytes)
  })
}

export const framed = (...messages: Buffer[]): Buffer => Buffer.concat(messages.map((message) => frame(message)))

/** The messages of an answer. */
export function messagesOf(body: Buffer): Buffer[] {
  const messages: Buffer[] = []
  for (let at = 0; at < body.length; ) {
    const end = at + 5 + body.readUInt32BE(at + 1)
    messages.push(body.subarray(at + 5, end))
    at = end
  }
  return messages
}

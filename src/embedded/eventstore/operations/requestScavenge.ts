import { readFileSync } from 'node:fs'
import { connect } from 'node:http2'
import { EventStoreError } from '../errors.js'
import { frame } from '../wire/messageAssembler.js'
import { ProtoReader } from '../wire/protoReader.js'
import { ProtoWriter } from '../wire/protoWriter.js'

const PATH = '/event_store.client.operations.Operations/StartScavenge'
const IN_PROGRESS = 1
const DEFAULT_PORT = 2113

/**
 * Asks a running server to scavenge. The official client for Node.js has no call for it.
 * @throws EventStoreError `invalid-options` for what is no connection string of one server, `closed` when it refuses or can't
 *   be reached.
 */
export async function requestScavenge(connectionString: string): Promise<{ id: string; running: boolean }> {
  const url = urlOf(connectionString)
  const secure = url.searchParams.get('tls') !== 'false'
  const authority = url.searchParams.get('tlsCAFile')
  const session = connect(`${secure ? 'https' : 'http'}://${url.hostname}:${url.port || DEFAULT_PORT}`, {
    ...(authority === null ? {} : { ca: readFileSync(authority) }),
    rejectUnauthorized: url.searchParams.get('tlsVerifyCert') !== 'false',
  })
  // Its streams fail with it, and know less of why.
  const unreachable = new Promise<never>((_, reject) => {
    const how = secure ? ' over TLS, which tls=false switches off' : ''
    session.once('error', ({ message }) =>
      reject(new EventStoreError('closed', `The server cannot be reached${how}: ${message}`)),
    )
  })
  try {
    return readAnswer(await Promise.race([unreachable, call(session, headersFor(url))]))
  } finally {
    session.destroy()
  }
}

/** What is no such string may still hold a password, so it is not shown. */
function urlOf(connectionString: string): URL {
  const url = URL.canParse(connectionString) ? new URL(connectionString) : undefined
  if (url?.hostname) return url
  throw new EventStoreError(
    'invalid-options',
    'The connection string does not name one server, as esdb://127.0.0.1:2113?tls=false does.',
  )
}

function headersFor(url: URL): Record<string, string> {
  const user = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
  return {
    ':method': 'POST',
    ':path': PATH,
    'content-type': 'application/grpc',
    te: 'trailers',
    'connection-name': url.searchParams.get('connectionName') ?? '',
    ...(url.username ? { authorization: `Basic ${Buffer.from(user).toString('base64')}` } : {}),
  }
}

function call(session: ReturnType<typeof connect>, headers: Record<string, string>): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const fail = (message: string) => reject(new EventStoreError('closed', message))
    const stream = session.request(headers)
    const chunks: Buffer[] = []
    const settle = (trailers: Record<string, unknown>) => {
      if (trailers['grpc-status'] === '0') return
      if (trailers['grpc-status'] !== undefined) fail(decodeURIComponent(String(trailers['grpc-message'])))
    }
    stream.on('response', settle)
    stream.on('trailers', settle)
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('error', (error) => setImmediate(fail, error.message))
    stream.on('end', () => resolve(Buffer.concat(chunks).subarray(5)))
    stream.end(frame(new ProtoWriter().empty(1).finish()))
  })
}

function readAnswer(message: Buffer): { id: string; running: boolean } {
  const reader = new ProtoReader(message)
  let id = ''
  let running = false
  while (reader.next()) {
    if (reader.field === 1) id = reader.string()
    else if (reader.field === 2) running = reader.varint() === IN_PROGRESS
    else reader.skip()
  }
  return { id, running }
}

import { createSecureServer, createServer, type Http2Server, type ServerHttp2Session } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import { createDispatch } from './api/dispatch.js'
import { createRoutes } from './api/routes.js'
import type { ServerContext } from './context.js'
import { EventStoreError } from './errors.js'
import { type Log, openLog } from './log/openLog.js'
import { createScavenger } from './operations/scavenger.js'
import type { ServerSettings } from './options.js'
import { createGroups } from './persistent/groups.js'
import { startSystemProjections } from './projections/systemProjections.js'
import { createAuthenticate } from './security/principals.js'
import { writeFirstEvent } from './streams/firstEvent.js'
import { type CommitFeed, createCommitFeed } from './subscriptions/commitFeed.js'
import type { Call } from './wire/call.js'
import { GrpcError, Status } from './wire/status.js'

const WINDOW = 1024 * 1024
/** How long clients have, in ms, to take what is on its way to them when the server stops. */
const GRACE = 500

interface RunningServer {
  readonly port: number
  stop(): Promise<void>
}

/** Opens the log and serves it, in this thread. The directory must be locked by the caller. */
export async function runServer(settings: ServerSettings): Promise<RunningServer> {
  const server = createHttpServer(settings)
  const feed = createCommitFeed()
  const { directory, mappedMemory } = settings
  const log = await openLog(directory, { onCommit: feed.publish, mappedMemory })
  try {
    return await serve(settings, server, feed, log)
  } catch (error) {
    await log.close()
    throw error
  }
}

async function serve(
  settings: ServerSettings,
  server: Http2Server,
  feed: CommitFeed,
  log: Log,
): Promise<RunningServer> {
  const { store, writer } = log
  const authenticate = createAuthenticate(settings)
  const context: ServerContext = { settings, store, writer, feed, authenticate, port: settings.port }
  await writeFirstEvent(context)
  const groups = createGroups(context)
  const scavenger = createScavenger(store, writer)
  const projections = await startSystemProjections(context)
  const sessions = new Set<ServerHttp2Session>()
  const calls = new Set<Call>()
  server.on('stream', createDispatch(createRoutes(context, groups, scavenger, projections), settings.accessKey, calls))
  server.on(settings.tls ? 'secureConnection' : 'connection', (socket: Socket) => socket.setNoDelay(true))
  server.on('session', (session: ServerHttp2Session) => attend(session, sessions, settings.keepAlive))
  context.port = await listen(server, settings)
  return {
    port: context.port,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve))
      await scavenger.close()
      await projections.stop()
      await groups.stop()
      await writer.close()
      // The status at which clients connect again; a reset would be an unknown error to them.
      for (const call of calls) call.fail(new GrpcError(Status.unavailable, 'The server is shutting down.'))
      for (const session of sessions) session.close()
      const grace = setTimeout(() => {
        for (const session of sessions) session.destroy()
      }, GRACE)
      await closed
      clearTimeout(grace)
      await log.close()
    },
  }
}

function createHttpServer({ tls }: ServerSettings): Http2Server {
  const options = {
    settings: { initialWindowSize: WINDOW, maxConcurrentStreams: 10_000, maxHeaderListSize: 64 * 1024 },
    // Node's count of a session's memory drifts upwards over hundreds of thousands of calls and would then refuse new ones
    // (grpc-js switches it off for the same reason). Windows and limits of size bound what a call can hold.
    maxSessionMemory: Number.MAX_SAFE_INTEGER,
  }
  if (!tls) return createServer(options)
  try {
    return createSecureServer({ ...options, cert: tls.certificate, key: tls.privateKey })
  } catch (error) {
    const { message } = error as Error
    const reason = `The certificate and its private key can't be used: ${message}`
    throw new EventStoreError('invalid-options', reason, { cause: error })
  }
}

function attend(session: ServerHttp2Session, sessions: Set<ServerHttp2Session>, interval: number): void {
  sessions.add(session)
  session.setLocalWindowSize(WINDOW * 4)
  let answered = true
  const keepAlive = setInterval(() => {
    if (session.destroyed) return
    if (!answered) return session.destroy()
    answered = false
    session.ping(() => {
      answered = true
    })
  }, interval)
  session.on('error', () => undefined)
  session.on('close', () => {
    clearInterval(keepAlive)
    sessions.delete(session)
  })
}

function listen(server: Http2Server, settings: ServerSettings): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE'
      const message = taken ? `Port ${settings.port} of ${settings.host} is in use.` : error.message
      reject(new EventStoreError(taken ? 'port-in-use' : 'start-failed', message, { cause: error }))
    })
    server.listen(settings.port, settings.host, () => resolve((server.address() as AddressInfo).port))
  })
}

import { once } from 'node:events'
import { chmod } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import type { Context } from './commands/command.js'
import { answer } from './commands/dispatch.js'
import { createCursors } from './cursors.js'
import { clearTrash, openCatalogue } from './store/catalogue.js'
import { documentWriter } from './store/documents.js'
import { openKeyValues } from './store/keyValues.js'
import { createFrames } from './wire/frames.js'
import { encodeReply, parseMessage } from './wire/message.js'

const MOST_CONNECTIONS = 500

export interface MongoServer {
  /** Lets commands end that have begun, then closes connections and store. */
  close(): Promise<void>
}

/** Serves the store in `directory` on the Unix socket `socketPath`. */
export const serveMongo = async (
  directory: string,
  socketPath: string,
  log: (line: string) => void,
): Promise<MongoServer> => {
  const { context, close } = openContext(directory, log)
  const connections = new Set<Connection>()
  let lastConnectionId = 0
  const server = createServer((socket) => {
    const connection = serve(context, socket, ++lastConnectionId)
    connections.add(connection)
    void connection.ended.then(() => connections.delete(connection))
  })
  server.maxConnections = MOST_CONNECTIONS
  await listen(server, socketPath)
  return {
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      await Promise.all([...connections].map((connection) => connection.close()))
      await closed
      await close()
    },
  }
}

/** Until it is made private itself, the socket is guarded by its folder. */
const listen = async (server: Server, socketPath: string): Promise<void> => {
  server.listen(socketPath)
  await once(server, 'listening')
  await chmod(socketPath, 0o600)
}

const openContext = (
  directory: string,
  log: (line: string) => void,
): { context: Context; close: () => Promise<void> } => {
  const store = openKeyValues(directory)
  const catalogue = openCatalogue(store)
  const documents = documentWriter(store, catalogue)
  const cursors = createCursors()
  let closing = false
  let clearing = Promise.resolve()
  const clear = (): void => {
    clearing = clearing
      .then(() => clearTrash(store, () => closing))
      .catch((error: unknown) => log(`MongoDB: dropped data could not be freed: ${String(error)}`))
  }
  const timer = setInterval(clear, 10_000)
  timer.unref()
  clear()
  return {
    context: { store, catalogue, documents, cursors, exclusive: exclusiveByName() },
    close: async () => {
      closing = true
      clearInterval(timer)
      cursors.close()
      await clearing
      await store.close()
    },
  }
}

const exclusiveByName = (): Context['exclusive'] => {
  const last = new Map<string, Promise<unknown>>()
  return async (name, work) => {
    const run = (last.get(name) ?? Promise.resolve()).then(work, work)
    last.set(name, run)
    try {
      return await run
    } finally {
      if (last.get(name) === run) last.delete(name)
    }
  }
}

interface Connection {
  readonly ended: Promise<void>
  close(): Promise<void>
}

/** One command after the other, as the client sends them; the next bytes are read when the answer is on its way. */
const serve = (context: Context, socket: Socket, id: number): Connection => {
  let busy = false
  let closing = false
  // Reading reports the same error; without a listener a late one would end the thread.
  socket.on('error', () => undefined)
  const run = async (): Promise<void> => {
    const frames = createFrames()
    try {
      for await (const chunk of socket) {
        for (const frame of frames.add(chunk as Buffer)) {
          busy = true
          const message = parseMessage(frame)
          const reply = await answer(context, message, id)
          if (message.wantsReply) await send(socket, encodeReply(message, reply))
          busy = false
          if (closing) return
        }
      }
    } catch {
      // The client is gone, or does not speak the protocol: in both cases there is nobody to tell.
    } finally {
      frames.release()
      socket.destroy()
    }
  }
  const ended = run()
  return {
    ended,
    close: async () => {
      closing = true
      if (!busy) socket.destroy()
      await ended
    },
  }
}

const send = async (socket: Socket, parts: readonly Buffer[]): Promise<void> => {
  socket.cork()
  let flowing = true
  for (const part of parts) flowing = socket.write(part)
  socket.uncork()
  if (!flowing) await room(socket)
}

/** Until the client has taken what it was sent, or is gone. Leaves no listener behind. */
const room = async (socket: Socket): Promise<void> => {
  const over = new AbortController()
  try {
    await Promise.race([once(socket, 'drain', over), once(socket, 'close', over)])
  } finally {
    over.abort()
  }
}

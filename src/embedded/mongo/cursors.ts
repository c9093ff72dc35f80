import { randomBytes } from 'node:crypto'
import { MongoError } from './errors.js'
import { cursorReply } from './wire/cursorReply.js'

/** What a find or an aggregation has still to give, as BSON. */
export type Results = AsyncIterator<Buffer>

interface Cursor {
  readonly id: bigint
  readonly namespace: string
  readonly session: string | undefined
  readonly results: Results
  /** Was read and did not fit into the last batch. */
  pending: Buffer | undefined
  lastUsed: number
  busy: boolean
}

export interface BatchOptions {
  /** Documents at most; undefined: as many as fit. */
  readonly size: number | undefined
  readonly single?: boolean
  readonly session?: string | undefined
}

export interface Cursors {
  /** The answer with the first batch; what is left is kept for `more`. */
  open(namespace: string, results: Results, options: BatchOptions): Promise<Buffer>
  more(id: bigint, namespace: string, size: number | undefined): Promise<Buffer>
  /** Whether there was such a cursor. */
  kill(id: bigint, namespace: string): boolean
  killSession(session: string): void
  close(): void
}

/** MongoDB's own limits: 10 minutes (cursorTimeoutMillis), 16 MB of documents in a batch. */
const IDLE_MS = 600_000
const BATCH_BYTES = 16_777_216
const MOST_CURSORS = 1_000

export const createCursors = (now: () => number = Date.now, idleMs: number = IDLE_MS): Cursors => {
  const cursors = new Map<bigint, Cursor>()
  const end = (cursor: Cursor): void => {
    cursors.delete(cursor.id)
    // A generator that is being read can't be closed at the same time; it ends by being forgotten.
    if (!cursor.busy) cursor.results.return?.().catch(() => undefined)
  }
  const sweep = (): void => {
    for (const cursor of cursors.values()) {
      if (!cursor.busy && now() - cursor.lastUsed > idleMs) end(cursor)
    }
  }
  const timer = setInterval(sweep, 30_000)
  timer.unref()

  const keep = (cursor: Cursor): void => {
    if (cursors.size >= MOST_CURSORS) {
      const oldest = [...cursors.values()].find(({ busy }) => !busy)
      if (oldest !== undefined) end(oldest)
    }
    cursors.delete(cursor.id)
    cursors.set(cursor.id, cursor)
  }

  return {
    open: async (namespace, results, { size, single = false, session }) => {
      const cursor = { id: newId(), namespace, session, results, pending: undefined, lastUsed: now(), busy: true }
      const batch = await readBatch(cursor, size)
      cursor.busy = false
      const more = !single && cursor.pending !== undefined
      if (more) keep(cursor)
      else await results.return?.()
      return cursorReply('firstBatch', batch, more ? cursor.id : 0n, namespace)
    },
    more: async (id, namespace, size) => {
      sweep()
      const cursor = cursors.get(id)
      if (cursor === undefined) throw new MongoError('CursorNotFound', `cursor id ${id} not found`)
      if (cursor.namespace !== namespace) {
        throw new MongoError('BadValue', `Requested getMore on namespace '${namespace}', but cursor belongs to another`)
      }
      if (cursor.busy) throw new MongoError('BadValue', `cursor id ${id} is already in use`)
      cursor.busy = true
      try {
        const batch = await readBatch(cursor, size)
        const more = cursor.pending !== undefined && cursors.has(id)
        cursor.lastUsed = now()
        if (more) keep(cursor)
        else cursors.delete(id)
        return cursorReply('nextBatch', batch, more ? id : 0n, namespace)
      } catch (error) {
        cursors.delete(id)
        throw error
      } finally {
        cursor.busy = false
      }
    },
    kill: (id, namespace) => {
      const cursor = cursors.get(id)
      if (cursor === undefined || cursor.namespace !== namespace) return false
      end(cursor)
      return true
    },
    killSession: (session) => {
      for (const cursor of cursors.values()) if (cursor.session === session) end(cursor)
    },
    close: () => {
      clearInterval(timer)
      for (const cursor of cursors.values()) end(cursor)
    },
  }
}

/** Positive, and small enough for clients that read it as a double. */
const newId = (): bigint => BigInt(randomBytes(6).readUIntBE(0, 6) + 1)

/** Leaves the document behind the batch in `pending`: none there means that nothing is left. */
const readBatch = async (cursor: Cursor, size = Number.POSITIVE_INFINITY): Promise<Buffer[]> => {
  const batch: Buffer[] = []
  let bytes = 0
  for (;;) {
    const next = cursor.pending ?? (await nextOf(cursor.results))
    cursor.pending = next
    if (next === undefined || batch.length >= size) return batch
    // The array around them costs a type, a number of at most seven digits and a zero for each.
    bytes += next.length + 9
    if (batch.length > 0 && bytes > BATCH_BYTES) return batch
    batch.push(next)
    cursor.pending = undefined
  }
}

const nextOf = async (results: Results): Promise<Buffer | undefined> => {
  const { done, value } = await results.next()
  return done === true ? undefined : value
}

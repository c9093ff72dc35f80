import { join } from 'node:path'
import { open, type RootDatabase } from 'lmdb'

export interface Entry {
  readonly key: Buffer
  readonly value: Buffer
}

/** From `start` (included) to `end` (not). */
export interface KeyRange {
  readonly start: Buffer
  readonly end: Buffer
}

/** Ordered bytes on disk. Reads see what is committed; inside `write` also what was written there before. */
export interface KeyValues {
  get(key: Buffer): Buffer | undefined
  has(key: Buffer): boolean
  /** The entries of a range in order. Finish it before the next await: it holds a snapshot. */
  entries(range: KeyRange, options?: { reverse?: boolean; after?: Buffer | undefined }): Iterable<Entry>
  count(range: KeyRange): number
  put(key: Buffer, value: Buffer): void
  remove(key: Buffer): void
  /**
   * Runs `change` alone among all writers; resolves when what it wrote is on disk. Calls of the same moment share one commit. A
   * `change` that throws must have thrown before its first write.
   */
  write<T>(change: () => T): Promise<T>
  close(): Promise<void>
}

export const openKeyValues = (directory: string): KeyValues => {
  const database: RootDatabase<Buffer, Buffer> = open<Buffer, Buffer>({
    path: join(directory, 'store.mdb'),
    encoding: 'binary',
    keyEncoding: 'binary',
    // A commit is announced when it is on disk, not before.
    overlappingSync: false,
  })
  return {
    get: (key) => database.get(key),
    has: (key) => database.doesExist(key),
    entries: ({ start, end }, { reverse = false, after } = {}) =>
      reverse
        ? database.getRange({ start: after ?? end, end: start, reverse, exclusiveStart: true, inclusiveEnd: true })
        : database.getRange({ start: after ?? start, end, exclusiveStart: after !== undefined }),
    count: ({ start, end }) => database.getKeysCount({ start, end }),
    put: (key, value) => database.putSync(key, value),
    remove: (key) => {
      database.removeSync(key)
    },
    write: async (change) => {
      const outcome: { value?: ReturnType<typeof change>; failure?: { error: unknown } } = {}
      await database.transaction(() => {
        try {
          outcome.value = change()
        } catch (error) {
          outcome.failure = { error }
        }
      })
      if (outcome.failure !== undefined) throw outcome.failure.error
      return outcome.value as ReturnType<typeof change>
    },
    close: () => database.close(),
  }
}

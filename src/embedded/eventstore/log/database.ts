import { mkdirSync } from 'node:fs'
import { type Database, open, type RootDatabase } from 'lmdb'
import { EventStoreError } from '../errors.js'
import { assertReadable, dataFileExists } from './dataFile.js'

/** Changes when a newer program could not read what an older one wrote. */
export const FORMAT = 'embedded-eventstore/1'

const FORMAT_KEY = Buffer.from('format')

export type Table = Database<Buffer, Buffer>

export interface LogDatabase {
  readonly root: RootDatabase<Buffer, Buffer>
  /** Position -> record. */
  readonly log: Table
  /** Stream number and revision -> position. */
  readonly index: Table
  /** Stream name -> stream number and name. */
  readonly names: Table
  /** Small things: format, checkpoints, settings of persistent subscriptions. */
  readonly meta: Table
  close(): Promise<void>
}

/**
 * Opens the store in `directory`, making it when there is none.
 * @throws EventStoreError `foreign-data`, `torn-data` or `unsupported-format` instead of touching what it does not know.
 */
export function openDatabase(directory: string, options: { readOnly?: boolean } = {}): LogDatabase {
  const existed = dataFileExists(directory)
  if (existed) assertReadable(directory)
  else if (options.readOnly) throw new EventStoreError('foreign-data', `There is no event store in ${directory}.`)
  else mkdirSync(directory, { recursive: true, mode: 0o700 })

  const encodings = { encoding: 'binary', keyEncoding: 'binary', cache: false } as const
  const root = open<Buffer, Buffer>({
    path: directory,
    // A name like "store.v2" would otherwise be taken for a file.
    noSubdir: false,
    maxDbs: 8,
    // A commit is answered when it is on disk, and must not be seen before.
    overlappingSync: false,
    // Pages are mapped while they are read and no longer, so the resident size does not grow with the log.
    remapChunks: true,
    // Writes are grouped here; LMDB's own grouping leaves a rejection without a listener when a commit fails.
    eventTurnBatching: false,
    readOnly: options.readOnly ?? false,
    ...encodings,
  })
  try {
    const table = (name: string) => root.openDB<Buffer, Buffer>(name, encodings)
    const meta = existed ? openExisting(() => table('meta'), directory) : table('meta')
    checkFormat(meta, existed, directory)
    return {
      root,
      meta,
      log: table('log'),
      index: table('index'),
      names: table('names'),
      close: () => root.close(),
    }
  } catch (error) {
    void root.close()
    throw error
  }
}

function openExisting(openMeta: () => Table, directory: string): Table {
  try {
    return openMeta()
  } catch (error) {
    throw new EventStoreError('foreign-data', `${directory} holds an LMDB file that is not an event store.`, {
      cause: error,
    })
  }
}

function checkFormat(meta: Table, existed: boolean, directory: string): void {
  const format = meta.getBinary(FORMAT_KEY)?.toString()
  if (format === FORMAT) return
  if (format) {
    throw new EventStoreError(
      'unsupported-format',
      `${directory} has the format ${format}; this program reads ${FORMAT}.`,
    )
  }
  if (existed) {
    throw new EventStoreError('foreign-data', `${directory} holds an LMDB file that is not an event store.`)
  }
  meta.putSync(FORMAT_KEY, Buffer.from(FORMAT))
}

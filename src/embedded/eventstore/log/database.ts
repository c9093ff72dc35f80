import { type Database, open, type RootDatabase } from 'lmdb'
import { EventStoreError } from '../errors.js'
import { assertReadable, dataFileExists } from './dataFile.js'
import { makeDirectory } from './makeDirectory.js'

/** Changes when an older program could not read what this one writes, or would miss some of it. */
const FORMAT = 'embedded-eventstore/2'
/** The format before there was a journal. A store gets the newer one with its journal. */
const WITHOUT_JOURNAL = 'embedded-eventstore/1'

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
  /** Gives back the memory of all pages that were read, by mapping the file anew. Nothing may be written meanwhile. */
  reopen(): Promise<void>
  close(): Promise<void>
}

/**
 * Opens the store in `directory`, making it when there is none.
 * @throws EventStoreError `foreign-data`, `torn-data` or `unsupported-format` instead of touching what it does not know.
 */
export function openDatabase(directory: string, options: { readOnly?: boolean } = {}): LogDatabase {
  const existed = dataFileExists(directory)
  if (existed) assertReadable(directory)
  else if (options.readOnly) assertStoreIn(directory)
  else makeDirectory(directory)

  let tables = openTables(directory, existed, options.readOnly ?? false)
  return {
    get root() {
      return tables.root
    },
    get log() {
      return tables.log
    },
    get index() {
      return tables.index
    },
    get names() {
      return tables.names
    },
    get meta() {
      return tables.meta
    },
    async reopen() {
      // A turn of its own: the awaits below are settled before anything else can read.
      await new Promise(setImmediate)
      await tables.root.close()
      tables = openTables(directory, true, options.readOnly ?? false)
    },
    close: () => tables.root.close(),
  }
}

/** @throws EventStoreError `foreign-data` when there is nothing to look after. */
export function assertStoreIn(directory: string): void {
  if (!dataFileExists(directory)) {
    throw new EventStoreError('foreign-data', `There is no event store in ${directory}.`)
  }
}

type Tables = Pick<LogDatabase, 'root' | 'log' | 'index' | 'names' | 'meta'>

function openTables(directory: string, existed: boolean, readOnly: boolean): Tables {
  const encodings = { encoding: 'binary', keyEncoding: 'binary', cache: false } as const
  const root = open<Buffer, Buffer>({
    path: directory,
    // A name like "store.v2" would otherwise be taken for a file.
    noSubdir: false,
    maxDbs: 8,
    // A commit is answered when it is on disk, and must not be seen before.
    overlappingSync: false,
    // Writes are grouped here; LMDB's own grouping leaves a rejection without a listener when a commit fails.
    eventTurnBatching: false,
    readOnly,
    ...encodings,
  })
  try {
    const table = (name: string) => root.openDB<Buffer, Buffer>(name, encodings)
    const meta = existed ? openExisting(() => table('meta'), directory) : table('meta')
    checkFormat(meta, root, existed, directory)
    return { root, meta, log: table('log'), index: table('index'), names: table('names') }
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

function checkFormat(meta: Table, root: Table, existed: boolean, directory: string): void {
  const format = meta.getBinary(FORMAT_KEY)?.toString()
  if (format === FORMAT || format === WITHOUT_JOURNAL) return
  if (format) {
    throw new EventStoreError(
      'unsupported-format',
      `${directory} has the format ${format}; this program reads ${FORMAT}.`,
    )
  }
  // A process that was killed while it made the store has left this one table, and nothing in it.
  const begun = [...root.getKeys({})].every((name) => name.toString() === 'meta') && meta.getKeysCount() === 0
  if (existed && !begun) {
    throw new EventStoreError('foreign-data', `${directory} holds an LMDB file that is not an event store.`)
  }
  meta.transactionSync(() => putFormat(meta))
}

export const putFormat = (meta: Table): void => void meta.put(FORMAT_KEY, Buffer.from(FORMAT))

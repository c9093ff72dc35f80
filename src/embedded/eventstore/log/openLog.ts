import type { ServerSettings } from '../options.js'
import { openDatabase } from './database.js'
import { createGroupCommit, type SettlingLimits } from './groupCommit.js'
import type { Journal } from './journal.js'
import { LogStore } from './logStore.js'
import { LogView } from './logView.js'
import { createLogWriter, type LogWriter } from './logWriter.js'
import { recoverJournal } from './recovery.js'
import type { Staging } from './staging.js'
import { createUpkeep } from './upkeep.js'

export interface Log {
  readonly store: LogStore
  readonly writer: LogWriter
  /** Waits for what was submitted, brings all of it into the data file and closes the files. */
  close(): Promise<void>
}

export interface LogOptions {
  /** Called when a group is visible. */
  readonly onCommit?: (staging: Staging) => void
  /** For a log that is open for long: see the option of the server. */
  readonly mappedMemory?: ServerSettings['mappedMemory']
  readonly limits?: SettlingLimits
}

/**
 * Opens the log of a directory to read and write it, and makes it where there is none. The directory must be locked by the
 * caller.
 * @throws EventStoreError `foreign-data`, `torn-data`, `unsupported-format` or `commit-failed`.
 */
export async function openLog(directory: string, options: LogOptions = {}): Promise<Log> {
  const { onCommit = () => undefined, mappedMemory, limits } = options
  const database = openDatabase(directory)
  let journal: Journal | undefined
  try {
    journal = recoverJournal(directory, database)
    const store = new LogStore(new LogView(database))
    const upkeep =
      mappedMemory === undefined
        ? undefined
        : createUpkeep(database, { directory, mappedMemory }, () => void commits.keepUp())
    const commits = createGroupCommit(database, store, journal, upkeep, limits)
    const writer = createLogWriter(store, commits, onCommit)
    return {
      store,
      writer,
      async close() {
        await writer.close()
        await commits.close()
        upkeep?.close()
        await database.close()
      },
    }
  } catch (error) {
    journal?.close()
    await database.close()
    throw error
  }
}

import { existsSync, mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { EventStoreError } from '../errors.js'
import { openDatabase } from '../log/database.js'
import { dataFileExists } from '../log/dataFile.js'

/**
 * Copies the store of `directory`, as it is at one moment, into the directory `target`, without its free pages. The store
 * may be in use by a running server; what that writes meanwhile is not in the copy.
 */
export async function backupEventStore(directory: string, target: string): Promise<void> {
  if (existsSync(target) && dataFileExists(target)) {
    throw new EventStoreError('directory-in-use', `${resolve(target)} holds a store already.`)
  }
  const database = openDatabase(directory, { readOnly: true })
  try {
    mkdirSync(target, { recursive: true, mode: 0o700 })
    await database.root.backup(resolve(target), true)
  } finally {
    await database.close()
  }
}

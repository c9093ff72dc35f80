import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { EventStoreError } from '../errors.js'
import { openDatabase } from '../log/database.js'
import { dataFileExists } from '../log/dataFile.js'
import type { LogGroup } from '../log/logGroup.js'
import { makeDirectory } from '../log/makeDirectory.js'
import { describeCut, readMoment, settleGroups } from '../log/recovery.js'
import { readMark, removeJournalId } from '../log/settledMark.js'

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
    // The copy shows a later moment than this one. What was settled in between is in it.
    const { transaction, groups, cut } = await readMoment(directory, database)
    transaction.done()
    if (cut) process.emitWarning(describeCut(directory, cut))
    makeDirectory(target)
    await database.root.backup(resolve(target), true)
    await makeIndependent(target, groups)
  } finally {
    await database.close()
  }
}

/** Brings into a copy what its original has only in the journal, which is none of the copy's. */
async function makeIndependent(target: string, groups: readonly LogGroup[]): Promise<void> {
  const copy = openDatabase(target)
  try {
    const { journalId, settled } = readMark(copy)
    if (!journalId) return
    settleGroups(
      copy,
      groups.filter(({ sequence }) => sequence > settled),
    )
    copy.root.transactionSync(() => removeJournalId(copy))
  } finally {
    await copy.close()
  }
}

import { mkdtempSync, renameSync, rmSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { assertStoreIn } from '../log/database.js'
import { openLog } from '../log/openLog.js'
import { backupEventStore } from './backup.js'
import { lockDirectory } from './directoryLock.js'
import { type ScavengeResult, scavenge } from './scavenge.js'

interface CompactResult extends ScavengeResult {
  /** Size of the data file in bytes. */
  readonly before: number
  readonly after: number
}

/**
 * Scavenges a store that no server has open. With `shrink` its file is written anew without the free pages; without,
 * they wait in the file for new events.
 */
export async function scavengeDirectory(directory: string, shrink: boolean): Promise<CompactResult> {
  assertStoreIn(directory)
  const lock = lockDirectory(directory)
  const file = join(resolve(directory), 'data.mdb')
  try {
    const log = await openLog(directory)
    const before = statSync(file).size
    let result: ScavengeResult
    try {
      result = await scavenge(log.store, log.writer)
    } finally {
      await log.close()
    }
    if (shrink) await rewrite(directory, file)
    return { ...result, before, after: statSync(file).size }
  } finally {
    lock.release()
  }
}

/** The copy is complete and on disk before it takes the place of the file. */
async function rewrite(directory: string, file: string): Promise<void> {
  const copy = mkdtempSync(join(resolve(directory), 'compact-'))
  try {
    await backupEventStore(directory, copy)
    renameSync(join(copy, 'data.mdb'), file)
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

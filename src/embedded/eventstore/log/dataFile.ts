import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { EventStoreError } from '../errors.js'
import { firstMissingPage } from './pageWalk.js'

const MAGIC = 0xbeefc0de
const DATA_VERSIONS = [1, 2, 999]

/** What one of LMDB's two meta pages says. */
export interface MetaPage {
  readonly pageSize: number
  readonly lastPage: number
  readonly transaction: bigint
  readonly mainRoot: bigint
}

export function dataFileExists(directory: string): boolean {
  const stats = statSync(join(directory, 'data.mdb'), { throwIfNoEntry: false })
  return stats !== undefined && stats.size > 0
}

/**
 * LMDB maps its file into memory without asking whether the file is whole, and a page behind the end of the file kills
 * the process. So look before it does.
 * @throws EventStoreError `foreign-data` for another kind of file, `torn-data` for one that has lost its end.
 */
export function assertReadable(directory: string): void {
  const path = join(directory, 'data.mdb')
  const file = openSync(path, 'r')
  try {
    const meta = newestMeta(file, path)
    const pages = Math.floor(fstatSync(file).size / meta.pageSize)
    if (pages > meta.lastPage) return
    // The last pages of a transaction may have been given back before they were ever written: only missing pages that
    // something points to are a loss.
    const missing = firstMissingPage(file, meta, pages)
    if (missing !== undefined) {
      throw new EventStoreError(
        'torn-data',
        `${path} is torn: it ends after ${pages} pages but page ${missing} is in use. Restore it from a backup.`,
      )
    }
  } finally {
    closeSync(file)
  }
}

/** The meta page of the last commit. */
export function newestMeta(file: number, path: string): MetaPage {
  const first = readMeta(file, 0)
  if (!first) throw new EventStoreError('foreign-data', `${path} is not an event store: it is no LMDB file.`)
  const second = readMeta(file, first.pageSize)
  if (!second) throw new EventStoreError('torn-data', `${path} is torn: its second meta page is missing.`)
  return second.transaction > first.transaction ? second : first
}

/** Offsets are those of LMDB 1.0's `MDB_page` and `MDB_meta` on a 64-bit machine. */
function readMeta(file: number, offset: number): MetaPage | undefined {
  const page = Buffer.alloc(160)
  if (readSync(file, page, 0, page.length, offset) < page.length) return undefined
  if (page.readUInt32LE(24) !== MAGIC || !DATA_VERSIONS.includes(page.readUInt32LE(28))) return undefined
  const pageSize = page.readUInt32LE(48)
  if (pageSize < 512 || pageSize > 65_536) return undefined
  return {
    pageSize,
    lastPage: Number(page.readBigUInt64LE(144)),
    transaction: page.readBigUInt64LE(152),
    mainRoot: page.readBigUInt64LE(136),
  }
}

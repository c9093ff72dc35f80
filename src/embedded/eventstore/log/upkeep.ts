import { readFileSync } from 'node:fs'
import type { ServerSettings } from '../options.js'
import type { LogDatabase } from './database.js'
import { createFileReserve } from './fileReserve.js'

const INTERVAL = 500
const PAGE_SIZE = 4_096

/** What is done between two transactions of the data file. */
export interface Upkeep {
  run(): Promise<void>
  close(): void
}

/**
 * Lengthens the file before transactions have to, and maps it anew when too much of it has become resident: what a process
 * reads through a mapping counts as its memory for as long as the mapping lasts. `wake` is called when there is something
 * to do and no transaction may come to do it.
 */
export function createUpkeep(
  database: LogDatabase,
  { directory, mappedMemory }: Pick<ServerSettings, 'directory' | 'mappedMemory'>,
  wake: () => void,
): Upkeep {
  const reserve = createFileReserve(directory)
  let mappedAtFirst = mappedBytes()
  let isDue = false

  const timer = setInterval(() => {
    if (isDue || mappedBytes() - mappedAtFirst < mappedMemory) return
    isDue = true
    wake()
  }, INTERVAL)
  timer.unref()

  const remap = async () => {
    await database.reopen()
    mappedAtFirst = mappedBytes()
    isDue = false
  }

  return {
    async run() {
      await reserve.replenish()
      if (isDue) await remap()
    },
    close() {
      clearInterval(timer)
      reserve.close()
    },
  }
}

/** Resident bytes that stem from files, where the system tells: the third figure of `statm`. Else none. */
function mappedBytes(): number {
  try {
    return Number(readFileSync('/proc/self/statm', 'utf8').split(' ')[2]) * PAGE_SIZE
  } catch {
    return 0
  }
}

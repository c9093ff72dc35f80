import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemErrorCode } from '../dataDirectory/errors.js'
import { EmbeddedPostgresError } from './errors.js'
import { postmasterPid, processesIn } from './processes.js'

const FAST_STOP_MS = 20_000
const IMMEDIATE_STOP_MS = 5_000
const KILL_MS = 5_000

/**
 * A server outlives a killed owner. Stops the one that is still in `folder`, gently first, and returns when no process of it is
 * left: a second server on one folder would destroy it.
 */
export const stopOrphan = async (folder: string, log: (line: string) => void): Promise<void> => {
  const found = await processesIn(folder)
  if (found.length > 0) {
    const postmaster = await postmasterPid(folder)
    log(`Stopping the PostgreSQL that an earlier run left in ${folder} (process ${postmaster ?? found[0]}).`)
    await stopAll(folder, postmaster)
  }
  // PostgreSQL would take a stale file for a live server if its process id has been reused.
  await rm(join(folder, 'postmaster.pid'), { force: true })
}

const stopAll = async (folder: string, postmaster: number | undefined): Promise<void> => {
  const steps: [NodeJS.Signals, number][] = [
    ['SIGINT', FAST_STOP_MS],
    ['SIGQUIT', IMMEDIATE_STOP_MS],
    ['SIGKILL', KILL_MS],
  ]
  for (const [signal, patience] of steps) {
    const living = await processesIn(folder)
    const parents =
      signal !== 'SIGKILL' && postmaster !== undefined && living.includes(postmaster) ? [postmaster] : living
    for (const pid of parents) send(pid, signal)
    if (await becomesEmpty(folder, patience)) return
  }
  throw new EmbeddedPostgresError(
    'postgres_orphan_survives',
    `A PostgreSQL of an earlier run is still in ${folder} and can't be stopped (processes ${(await processesIn(folder)).join(', ')}). Stop it.`,
  )
}

const becomesEmpty = async (folder: string, patience: number): Promise<boolean> => {
  const end = Date.now() + patience
  while (Date.now() < end) {
    if ((await processesIn(folder)).length === 0) return true
    await sleep(20)
  }
  return false
}

const send = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if (systemErrorCode(error) !== 'ESRCH') throw error
  }
}

import { type ChildProcess, spawn } from 'node:child_process'
import { open, readFile, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemErrorCode } from '../dataDirectory/errors.js'
import { lastLine } from './cluster.js'
import { EmbeddedPostgresError } from './errors.js'
import type { Placement } from './placement.js'
import { postmasterLines } from './processes.js'
import { SERVER_ENVIRONMENT, serverArguments } from './settings.js'

export interface RunningServer {
  readonly pid: number
  /** Resolves when the process has ended, for whatever reason. */
  readonly exited: Promise<void>
  /** Ends all sessions, writes a checkpoint and ends the process. */
  stop(): Promise<void>
}

const STOP_PATIENCE_MS = 20_000
const START_PATIENCE_MS = 300_000
const LOG_LIMIT_BYTES = 5_000_000

export const startServer = async (
  installation: string,
  placement: Placement,
  data: { path: string; argument: string; socketArgument: string },
): Promise<RunningServer> => {
  const logFile = join(placement.folder, 'server.log')
  await keepSmall(logFile)
  const log = await open(logFile, 'a', 0o600)
  let child: ChildProcess
  try {
    child = spawn(join(installation, 'bin', 'postgres'), serverArguments(data.argument, data.socketArgument), {
      ...placement.account,
      cwd: data.path,
      env: SERVER_ENVIRONMENT,
      // A session of its own: Ctrl-C in our terminal must not stop it before we have drained. A file, not a pipe: it
      // outlives us when we are killed.
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    })
  } finally {
    await log.close()
  }
  const exited = new Promise<void>((resolve, reject) => {
    child.once('exit', () => resolve())
    child.once('error', reject)
  })
  child.unref()
  await Promise.race([ready(child, data.path), exited])
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) {
    const text = await readFile(logFile, 'utf8')
    throw new EmbeddedPostgresError(
      'postgres_start_failed',
      `PostgreSQL did not start in ${data.path}: ${lastLine(text)} (see ${logFile})`,
      text.slice(-4_000),
    )
  }
  return { pid: child.pid, exited, stop: () => stop(child, exited) }
}

/** The status line of `postmaster.pid` is what `pg_ctl` waits for as well. */
const ready = async (child: ChildProcess, folder: string): Promise<void> => {
  const end = Date.now() + START_PATIENCE_MS
  while (child.exitCode === null && child.signalCode === null) {
    const lines = await postmasterLines(folder)
    if (lines[0] === String(child.pid) && lines[7]?.trim() === 'ready') return
    if (Date.now() > end) child.kill('SIGQUIT')
    await sleep(10)
  }
}

const stop = async (child: ChildProcess, exited: Promise<void>): Promise<void> => {
  child.ref()
  child.kill('SIGINT')
  const impatience = setTimeout(() => child.kill('SIGQUIT'), STOP_PATIENCE_MS)
  try {
    await exited
  } finally {
    clearTimeout(impatience)
  }
}

const keepSmall = async (logFile: string): Promise<void> => {
  try {
    if ((await stat(logFile)).size > LOG_LIMIT_BYTES) await rename(logFile, `${logFile}.1`)
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error
  }
}

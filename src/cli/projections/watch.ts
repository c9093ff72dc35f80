import { setTimeout as sleep } from 'node:timers/promises'
import { isOver, type Rebuild } from '../../projections/operations/projectionOperations.js'
import type { Session } from '../apiCommand.js'
import type { Client } from '../client.js'
import { CommandFailed, ConnectionFailed, Interrupted } from '../errors.js'
import { path } from '../paths.js'
import { print } from '../terminal/print.js'
import { createProgressBars } from '../terminal/progressBar.js'
import { rebuildView } from '../views/projectionView.js'
import { rebuildNote } from './rebuildNote.js'

type Watched = Pick<Rebuild, 'id' | 'projection'>

const pauseMs = 200
/** A rebuild survives a restart of its server, so the one who watches it does too. */
const attempts = 150

/** Yields the rebuild whenever something has changed, to its end. */
async function* changesOf(client: Client, { projection, id }: Watched, signal: AbortSignal): AsyncGenerator<Rebuild> {
  let shown = ''
  let failures = 0
  while (!signal.aborted) {
    try {
      const { body } = await client.get<Rebuild>(path`/v1/projections/${projection}/rebuilds/${id}`, {}, signal)
      failures = 0
      const text = JSON.stringify(body)
      if (text !== shown) yield body
      shown = text
      if (isOver(body)) return
    } catch (error) {
      if (signal.aborted) return
      failures += 1
      if (!(error instanceof ConnectionFailed) || failures > attempts) throw error
    }
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined)
  }
}

/** Rows that differ are swapped in only where that was asked for. */
const isGood = ({ state }: Rebuild): boolean => state === 'swapped' || state === 'completed'

const whatWentWrong = ({ projection, state, verification }: Rebuild): string => {
  if (state !== 'failed' || verification?.equal !== false)
    return `the rebuild of ${projection} ${state === 'cancelled' ? 'was cancelled' : state}`
  return `the rebuild of ${projection} failed, its live rows stay; if they are wrong and the log is right: flowledger projections rebuild ${projection} --on-difference swap`
}

/** What can be done about rebuilds that nobody watches any more, one projection at a time. */
const howToGoOn = (rebuilds: readonly Watched[]): string =>
  rebuilds.length === 1
    ? `the rebuild goes on in the server: flowledger projections watch|pause|cancel ${rebuilds[0]?.projection}`
    : `the rebuilds of ${rebuilds.map(({ projection }) => projection).join(', ')} go on in the server: flowledger projections watch|pause|cancel <projection>`

/** Runs `work` until it is done, or a person has pressed Ctrl-C. */
const interruptible = async <T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
  const controller = new AbortController()
  const abort = () => controller.abort()
  process.once('SIGINT', abort)
  process.once('SIGTERM', abort)
  try {
    return await work(controller.signal)
  } finally {
    process.off('SIGINT', abort)
    process.off('SIGTERM', abort)
  }
}

/**
 * Shows rebuilds to their end: bars where a person looks on, else a line of JSON for every change. Throws CommandFailed where one
 * did not end well, and Interrupted at Ctrl-C: they go on in the server.
 */
export const watchAll = ({ client, json }: Session, rebuilds: readonly Watched[]): Promise<void> =>
  interruptible(async (signal) => {
    const asLines = json || !process.stdout.isTTY
    const bars = createProgressBars(asLines ? [] : rebuilds.map(({ projection }) => projection))
    const watchOne = async (watched: Watched, index: number): Promise<Rebuild | undefined> => {
      let last: Rebuild | undefined
      for await (last of changesOf(client, watched, signal)) {
        if (asLines) print(JSON.stringify(last))
        else bars.update(index, { done: last.progress, note: rebuildNote(last) })
      }
      return last
    }
    const ended = await Promise.all(rebuilds.map(watchOne)).finally(() => bars.stop())
    if (signal.aborted) throw new Interrupted(howToGoOn(rebuilds))
    const results = ended.filter((rebuild) => rebuild !== undefined)
    if (!asLines) print(results.map(rebuildView).join('\n'))
    const bad = results.filter((rebuild) => !isGood(rebuild))
    if (bad.length > 0) throw new CommandFailed(bad.map(whatWentWrong).join('; '))
  })

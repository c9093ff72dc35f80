import { messageOf } from '../../domain/errors.js'
import { isOver } from '../operations/projectionOperations.js'
import { answerRequest } from '../rebuild/answerRequest.js'
import type { RebuildContext } from '../rebuild/context.js'
import type { OperationEvent, RebuildRow } from '../rebuild/rebuildRecords.js'
import type { RequestRecords } from '../rebuild/requestRecords.js'
import { operationEvent, runRebuild } from '../rebuild/runRebuild.js'
import { sleep } from '../runner/backoff.js'
import { isPassing } from './passingErrors.js'

export interface OperatorOptions {
  readonly context: RebuildContext
  readonly requests: RequestRecords
  /** How often to look although nobody called. */
  readonly pollMs?: number
}

/** Does for one projection what operators ask for: rebuilds, and requests on what is there. */
export interface Operator {
  readonly rebuilding: boolean
  wake(): void
  run(signal: AbortSignal): Promise<void>
  /** Resolves when nothing that it began is under way. */
  settled(): Promise<void>
}

const notAsked = { requested: null, requested_by: null } as const

interface Running {
  readonly id: string
  readonly stop: AbortController
  readonly done: Promise<void>
}

export const createOperator = ({ context, requests, pollMs = 2_000 }: OperatorOptions): Operator => {
  const { projection, records, generations, now, log } = context
  let running: Running | undefined
  let nap = new AbortController()

  const wake = () => nap.abort()

  const isLive = async ({ generation }: RebuildRow): Promise<boolean> =>
    (await generations.list(projection)).some((each) => each.generation === generation && each.state === 'active')

  const giveUp = async (row: RebuildRow): Promise<void> => {
    await context.stopFeeder(row.generation)
    await generations.drop({ projection, generation: row.generation })
  }

  const failed = async (row: RebuildRow, reason: string): Promise<void> => {
    log(`rebuild of ${projection.name} failed: ${reason}`)
    await giveUp(row)
    const data = { projection: projection.name, rebuildId: row.id, reason }
    await records.update(row.id, { ...notAsked, state: 'failed', error: reason, finished_at: now().toISOString() }, [
      operationEvent(row, now(), 'RebuildFailed', data),
    ])
  }

  const begin = (row: RebuildRow, session: AbortSignal): void => {
    const stop = new AbortController()
    const signal = AbortSignal.any([session, stop.signal])
    const work = async () => {
      try {
        await runRebuild(context, row, signal)
        wake()
      } catch (error) {
        if (signal.aborted) return
        const reason = messageOf(error)
        // What passes is no failure, and readers' rows are nothing to give up: at the next look it goes on from where it was.
        if (isPassing(error) || (await isLive(row))) return log(`rebuild of ${projection.name} waits: ${reason}`)
        await failed(row, reason)
        wake()
      } finally {
        running = undefined
      }
    }
    running = { id: row.id, stop, done: work() }
    running.done.catch((error: unknown) => log(`rebuild of ${projection.name}: ${String(error)}`))
  }

  const halt = async (row: RebuildRow): Promise<void> => {
    if (running?.id !== row.id) return
    running.stop.abort()
    await running.done
  }

  /** Where a rebuild that is halted goes on: what was not recorded as done is done again. */
  const resumeState = (state: RebuildRow['state']) => (state === 'verifying' ? 'catching_up' : state)

  /** Who asked is in the log with what was done. An older program may have asked without saying who. */
  const doneAs = (row: RebuildRow, type: string): OperationEvent[] => {
    if (row.requested_by === null) return []
    const { actor, correlationId, commandId, reason } = row.requested_by
    const data = { projection: projection.name, rebuildId: row.id, ...(reason !== undefined && { reason }) }
    const key = `${row.id} ${type} ${commandId}`
    return [{ projection: projection.name, type, data, actor, correlationId, occurredAt: now().toISOString(), key }]
  }

  const obey = async (row: RebuildRow): Promise<RebuildRow> => {
    if (row.requested === null) return row
    await halt(row)
    // It may have come to its end while it was being halted.
    const current = (await records.find(row.id)) ?? row
    if (isOver(current) || (await isLive(row))) return records.update(row.id, notAsked)
    if (row.requested === 'cancel') {
      await giveUp(row)
      return records.update(
        row.id,
        { ...notAsked, state: 'cancelled', finished_at: now().toISOString() },
        doneAs(row, 'RebuildCancelled'),
      )
    }
    if (row.requested === 'pause') {
      await context.stopFeeder(row.generation)
      if (current.state === 'paused') return records.update(row.id, notAsked)
      return records.update(
        row.id,
        { ...notAsked, state: 'paused', resume_state: resumeState(current.state) },
        doneAs(row, 'RebuildPaused'),
      )
    }
    if (current.state !== 'paused') return records.update(row.id, notAsked)
    const state = current.resume_state ?? 'preparing'
    return records.update(row.id, { ...notAsked, state, resume_state: null }, doneAs(row, 'RebuildResumed'))
  }

  /** Kept generations go when their time is over, and those of earlier rebuilds when a newer one was swapped. */
  const dropExpired = async (rows: readonly RebuildRow[]): Promise<void> => {
    const swapped = rows.filter(({ state }) => state === 'swapped')
    const newest = swapped.at(-1)
    for (const row of swapped) {
      const expired = row.keep_until !== null && Date.parse(row.keep_until) <= now().getTime()
      if (row === newest && !expired) continue
      const stay = row === newest ? [] : [newest?.generation, newest?.from_generation]
      for (const { state, generation } of await generations.list(projection)) {
        if ((state !== 'kept' && state !== 'retired') || stay.includes(generation)) continue
        await context.stopFeeder(generation)
        await generations.drop({ projection, generation })
      }
      await records.update(row.id, { state: 'completed' })
    }
  }

  const look = async (session: AbortSignal): Promise<void> => {
    for (const request of await requests.open(projection.name)) await answerRequest(context, requests, request)
    const rows: RebuildRow[] = []
    for (const row of await records.open(projection.name)) rows.push(await obey(row))
    const next = rows.find((row) => !isOver(row) && row.state !== 'paused')
    // One of another version is for the process that knows that version.
    if (next !== undefined && running === undefined && next.version === projection.version) begin(next, session)
    await dropExpired(rows)
  }

  const run = async (session: AbortSignal) => {
    session.addEventListener('abort', wake, { once: true })
    while (!session.aborted) {
      nap = new AbortController()
      try {
        await look(session)
      } catch (error) {
        log(`operations on ${projection.name}: ${messageOf(error)}`)
      }
      if (!session.aborted) await sleep(pollMs, nap.signal)
    }
  }

  return {
    get rebuilding() {
      return running !== undefined
    },
    wake,
    run,
    settled: async () => {
      await running?.done
    },
  }
}

import { v5 as uuidv5 } from 'uuid'
import type { CommandContext } from '../../commands/commandHandler.js'
import type { StartExecution } from '../../commands/executions/executionCommands.js'
import type { PublishedTrigger, PublishedTriggers } from '../../commands/executions/triggers/publishedTriggers.js'
import type { Clock } from '../../commands/ports.js'
import { FlowledgerError } from '../../domain/errors.js'
import { createTimerService } from '../timers.js'
import { earlierIsUnderWay, type OverlapDependencies } from './overlap.js'
import { cronOf, newestUpTo, scheduledRunId } from './times.js'

export interface SchedulerDependencies extends OverlapDependencies {
  readonly triggers: PublishedTriggers
  readonly start: (context: CommandContext, request: StartExecution) => Promise<unknown>
  readonly clock: Clock
  readonly unexpected: (error: unknown) => void
}

export interface Scheduler {
  /** Call it once the published triggers are known. */
  start(): void
  stop(): Promise<void>
}

interface Armed {
  readonly trigger: PublishedTrigger
  /** The time for which its timer runs, in milliseconds since 1970; undefined where none comes any more. */
  next: number | undefined
  /** Times whose run could not be started for a passing reason. */
  readonly missed: Set<number>
}

/** The name of the timer that tries missed times again. */
const retryTimer = 'retry'
const retryMs = 5_000

/** Who is later than that did not run meanwhile (a machine that slept, a log that was away): the last time stands for all. */
const lateMs = 60_000

const nameOf = ({ workflowId, nodeId, version }: PublishedTrigger): string => `${workflowId}/${nodeId}/${version}`

/** What the workflow refuses (archived meanwhile, its limit reached, started by another process) is the end of it. */
const isRefusal = (error: unknown): boolean =>
  error instanceof FlowledgerError && error.kind !== 'unavailable' && error.code !== 'concurrent_change'

/**
 * Starts the runs of published schedules. Every process may do it: the id of a run is derived from the workflow, the node and
 * the time, so of several starts one begins it. The last time that passed while no process ran is made up for, once.
 */
export const createScheduler = (dependencies: SchedulerDependencies): Scheduler => {
  const { triggers, start, clock, unexpected } = dependencies
  const armed = new Map<string, Armed>()
  const background = new Set<Promise<void>>()
  let ignore: () => void = () => undefined
  let stopped = false

  const begin = async (trigger: PublishedTrigger, time: Date): Promise<void> => {
    const { workflowId, version, nodeId, config } = trigger
    const executionId = scheduledRunId(workflowId, nodeId, time)
    const overlap = config.overlap ?? 'skip'
    const overlaps = overlap !== 'allow' && (await earlierIsUnderWay(dependencies, trigger, time))
    if (overlaps && overlap === 'skip') return
    const commandId = uuidv5('start', executionId)
    const context: CommandContext = {
      commandId,
      actor: { kind: 'system', id: 'scheduler', name: 'schedule' },
      now: clock.now().toISOString(),
      correlationId: commandId,
      causationId: commandId,
    }
    const input = { scheduledAt: time.toISOString() }
    await start(context, {
      workflowId,
      version,
      trigger: nodeId,
      executionId,
      input,
      ...(overlaps ? { queued: true } : undefined),
    })
  }

  const tryAgainLater = ({ trigger, missed }: Armed, time: Date): void => {
    const due = clock.now().getTime() + retryMs
    if (missed.size === 0) timers.add(nameOf(trigger), retryTimer, due)
    missed.add(time.getTime())
  }

  const beginInBackground = (entry: Armed, time: Date): void => {
    const done = begin(entry.trigger, time)
      .catch((error: unknown) => {
        if (isRefusal(error)) return
        if (!(error instanceof FlowledgerError)) unexpected(error)
        tryAgainLater(entry, time)
      })
      .finally(() => background.delete(done))
    background.add(done)
  }

  const arm = (entry: Armed, after: Date): void => {
    const next = cronOf(entry.trigger.config).nextRun(after)
    entry.next = next?.getTime()
    if (next !== null) timers.add(nameOf(entry.trigger), next.toISOString(), next.getTime())
  }

  /** The time itself, or the newest where it is long over. */
  const standIn = ({ config }: PublishedTrigger, time: Date, now: Date): Date =>
    now.getTime() - time.getTime() > lateMs ? (newestUpTo(config, now) ?? time) : time

  const fire = (name: string, timerIds: readonly string[]): void => {
    const entry = armed.get(name)
    // Published anew, or withdrawn, since it was armed.
    if (stopped || entry === undefined) return
    const now = clock.now()
    const times = timerIds.flatMap((id) => (id === retryTimer ? [...entry.missed] : [Date.parse(id)]))
    if (timerIds.includes(retryTimer)) entry.missed.clear()
    const due = new Set(times.map((time) => standIn(entry.trigger, new Date(time), now).getTime()))
    for (const time of due) beginInBackground(entry, new Date(time))
    const newest = Math.max(...due)
    if (entry.next !== undefined && newest >= entry.next) arm(entry, new Date(newest))
  }

  const timers = createTimerService(fire, () => clock.now().getTime())

  const makeUpFor = (entry: Armed, now: Date): void => {
    const { config, publishedAt } = entry.trigger
    const missed = newestUpTo(config, now)
    if (missed !== undefined && missed > new Date(publishedAt)) beginInBackground(entry, missed)
  }

  const follow = (): void => {
    const now = clock.now()
    const current = new Map(triggers.of('trigger.schedule').map((trigger) => [nameOf(trigger), trigger]))
    for (const name of armed.keys()) if (!current.has(name)) armed.delete(name)
    for (const [name, trigger] of current) {
      if (armed.has(name)) continue
      const entry: Armed = { trigger, next: undefined, missed: new Set() }
      armed.set(name, entry)
      makeUpFor(entry, now)
      arm(entry, now)
    }
  }

  return {
    start: () => {
      ignore = triggers.onChange(follow)
      follow()
    },
    stop: async () => {
      stopped = true
      ignore()
      timers.stop()
      await Promise.all(background)
    },
  }
}

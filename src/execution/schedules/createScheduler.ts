import { v5 as uuidv5 } from 'uuid'
import type { CommandContext } from '../../commands/commandHandler.js'
import type { StartExecution } from '../../commands/executions/executionCommands.js'
import type { RunWriter } from '../../commands/executions/runWriter.js'
import type { PublishedTrigger, PublishedTriggers } from '../../commands/executions/triggers/publishedTriggers.js'
import type { Clock } from '../../commands/ports.js'
import { FlowledgerError } from '../../domain/errors.js'
import { createTimerService } from '../timers.js'
import { cronOf, earlierIsUnderWay, scheduledRunId } from './overlap.js'

export interface SchedulerDependencies {
  readonly triggers: PublishedTriggers
  readonly runs: RunWriter
  readonly start: (context: CommandContext, request: StartExecution) => Promise<unknown>
  readonly clock: Clock
  readonly unexpected: (error: unknown) => void
}

export interface Scheduler {
  /** Call it once the published triggers are known. */
  start(): void
  stop(): Promise<void>
}

const nameOf = ({ workflowId, nodeId, version }: PublishedTrigger): string => `${workflowId}/${nodeId}/${version}`

/**
 * Starts the runs of published schedules. Every process may do it: the id of a run is derived from the workflow, the node and
 * the time, so of several starts one begins it. The last time that passed while no process ran is made up for, once.
 */
export const createScheduler = ({ triggers, runs, start, clock, unexpected }: SchedulerDependencies): Scheduler => {
  const armed = new Map<string, PublishedTrigger>()
  const background = new Set<Promise<void>>()
  let ignore: () => void = () => undefined
  let stopped = false

  const begin = async (trigger: PublishedTrigger, time: Date): Promise<void> => {
    const { workflowId, version, nodeId, config } = trigger
    const executionId = scheduledRunId(workflowId, nodeId, time)
    const overlap = config.overlap ?? 'skip'
    const overlaps = overlap !== 'allow' && (await earlierIsUnderWay(runs, trigger, time))
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

  /** What the workflow refuses (archived meanwhile, its limit reached) is no error of the program's. */
  const beginInBackground = (trigger: PublishedTrigger, time: Date): void => {
    const done = begin(trigger, time)
      .catch((error: unknown) => {
        if (!(error instanceof FlowledgerError)) unexpected(error)
      })
      .finally(() => background.delete(done))
    background.add(done)
  }

  const arm = (trigger: PublishedTrigger, after: Date): void => {
    const next = cronOf(trigger.config).nextRun(after)
    if (next !== null) timers.add(nameOf(trigger), next.toISOString(), next.getTime())
  }

  const fire = (name: string, times: readonly string[]): void => {
    const trigger = armed.get(name)
    // Published anew, or withdrawn, since it was armed.
    if (stopped || trigger === undefined) return
    for (const time of times) {
      beginInBackground(trigger, new Date(time))
      arm(trigger, new Date(time))
    }
  }

  const timers = createTimerService(fire, () => clock.now().getTime())

  const makeUpFor = (trigger: PublishedTrigger, now: Date): void => {
    const [missed] = cronOf(trigger.config).previousRuns(1, new Date(now.getTime() + 1))
    if (missed !== undefined && missed > new Date(trigger.publishedAt)) beginInBackground(trigger, missed)
  }

  const follow = (): void => {
    const now = clock.now()
    const current = new Map(triggers.of('trigger.schedule').map((trigger) => [nameOf(trigger), trigger]))
    for (const name of armed.keys()) if (!current.has(name)) armed.delete(name)
    for (const [name, trigger] of current) {
      if (armed.has(name)) continue
      armed.set(name, trigger)
      makeUpFor(trigger, now)
      arm(trigger, now)
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

import type { ConcurrencyGate } from '../commands/executions/concurrency.js'
import type { RunHub } from '../commands/executions/runHub.js'
import type { RunPlans } from '../commands/executions/runPlans.js'
import type { RunWriter } from '../commands/executions/runWriter.js'
import type { Clock, IdSource } from '../commands/ports.js'
import type { SecretReader } from '../commands/secrets/secretReader.js'
import { decideTimers } from '../domain/execution/decide/timers.js'
import type { EventFeed } from '../eventlog/eventFeed.js'
import type { WorkQueue } from '../eventlog/workQueue.js'
import { type AbortWatch, startAbortWatch } from './abortWatch.js'
import { createSlotPool } from './attemptSlots.js'
import { createAttempts } from './attempts.js'
import { createBackgroundWork } from './backgroundWork.js'
import type { ChildStarter } from './childRun.js'
import { createChildWaits } from './childWaits.js'
import { createContextFor } from './executorContext.js'
import type { NodeEvaluator } from './expressions/nodeEvaluator.js'
import type { OpenWork } from './openWork.js'
import { createQueuedRuns } from './queuedRuns.js'
import { reactToCommits } from './reactToCommits.js'
import { createScan } from './scan.js'
import { graceTimer, type TendDependencies, tendRun } from './tendRun.js'
import { createTimerService } from './timers.js'
import { createWorkHandler } from './workHandler.js'
import { startWorkReader, type WorkReader } from './workReader.js'

export interface ExecutorDependencies {
  /** Unique to this process and this start of it. */
  readonly name: string
  readonly runs: RunWriter
  readonly plans: RunPlans
  readonly hub: RunHub
  readonly gate: ConcurrencyGate
  /** Starts child runs. */
  readonly startChild: ChildStarter['start']
  readonly queue: WorkQueue
  /** Where executors hear of what other processes did. */
  readonly feed: Pick<EventFeed, 'subscribe' | 'head'>
  readonly openWork: OpenWork
  readonly secrets: SecretReader
  readonly evaluator: Pick<NodeEvaluator, 'decide' | 'plan' | 'resolve'>
  readonly clock: Clock
  readonly ids: IdSource
  /** Hears of errors that are nobody's input; they are logged. */
  readonly unexpected: (error: unknown) => void
  /** Whether attempts pass on their trace to what they call. Default false. */
  readonly traces?: boolean
  /** No other process executes runs of this log: then what is not in flight here was lost with an earlier process. */
  readonly sole: boolean
  /** Attempts at once. */
  readonly concurrency?: number
  /** From the end of an attempt's timeout to the end of its lease. */
  readonly leaseGraceMs?: number
  /** How often the read models are asked for work that nobody does. */
  readonly scanMs?: number
  /** How long a stop waits for attempts in flight. */
  readonly stopGraceMs?: number
}

export interface Executor {
  start(): void
  /** Claims nothing new, lets attempts end, and gives up those that do not end in time. */
  stop(): Promise<void>
  status(): { readonly attempts: number; readonly slotsInUse: number; readonly timers: number }
  /** Looks at once for work that nobody does, as the scan does now and then. */
  scan(): Promise<void>
}

/** Carries out runs: attempts, timers, child runs, queues. Any number of them work side by side on one log. */
export const createExecutor = (dependencies: ExecutorDependencies): Executor => {
  const { name, runs, plans, hub, gate, clock, ids, unexpected, sole } = dependencies
  const contextFor = createContextFor(name, clock, ids)
  const slots = createSlotPool(name, dependencies.concurrency ?? 256, dependencies.leaseGraceMs ?? 10_000)
  const { secrets, evaluator, traces = false } = dependencies
  const runner = { secrets, evaluator, traces, unexpected }
  const attempts = createAttempts({ runs, plans, runner, slots, contextFor })
  const children = createChildWaits(
    { runs, start: dependencies.startChild, contextFor },
    { elsewhere: !sole, unexpected },
  )
  const queued = createQueuedRuns({ runs, plans, gate, openWork: dependencies.openWork, contextFor })
  const background = createBackgroundWork(unexpected)
  let stopped = false

  const fire = (executionId: string, timerIds: readonly string[]): void =>
    background.begin(async () => {
      if (timerIds.includes(graceTimer)) return tendNow(executionId)
      const { state } = await runs.load(executionId, Number.POSITIVE_INFINITY)
      await runs.change(executionId, contextFor(state), (newest, plan, env) =>
        decideTimers(newest, plan, env, timerIds),
      )
    })

  const timers = createTimerService(fire, () => clock.now().getTime())
  const tending: TendDependencies = { runs, attempts, children, timers, contextFor, clock, executor: name, sole }
  const tendNow = (executionId: string): Promise<void> => tendRun(tending, executionId)
  const tend = (executionId: string): void => background.begin(() => tendNow(executionId))
  const tendIfInFlight = (executionId: string): void => {
    if (attempts.executions().includes(executionId)) tend(executionId)
  }
  const admit = (workflowId: string): void => background.begin(() => queued.admit(workflowId))

  let reader: WorkReader | undefined
  let watch: AbortWatch | undefined
  const isToEnd = (executionId: string): boolean => watch?.heard(executionId) ?? false
  const onCommitted = reactToCommits({ name, attempts, children, timers, queued, isToEnd, tend, admit })
  const carryOut = createWorkHandler({ runs, slots, children, tend: tendNow, isStopped: () => stopped })
  const scan = createScan({
    openWork: dependencies.openWork,
    clock,
    sole: sole ? name : undefined,
    tend: tendNow,
    queued,
    inFlight: () => (sole ? [] : attempts.executions()),
    unexpected,
  })
  const ignore: (() => void)[] = []

  return {
    start: () => {
      ignore.push(hub.listen(onCommitted), gate.onPlace(admit))
      hub.slots = slots
      reader = startWorkReader({ queue: dependencies.queue, carryOut, unexpected })
      if (!sole) watch = startAbortWatch({ feed: dependencies.feed, tend: tendIfInFlight, unexpected })
      scan.start(dependencies.scanMs ?? 2_000)
    },
    stop: async () => {
      stopped = true
      background.stop()
      if (hub.slots === slots) hub.slots = undefined
      timers.stop()
      children.stop()
      await Promise.all([scan.stop(), watch?.stop()])
      // Those that wait for a slot in the reader get one as attempts end.
      await Promise.all([reader?.stop(), attempts.drain(dependencies.stopGraceMs ?? 10_000)])
      await children.idle()
      await background.idle()
      for (const end of ignore) end()
    },
    status: () => ({ attempts: attempts.inFlight, slotsInUse: slots.inUse, timers: timers.pending }),
    scan: scan.once,
  }
}

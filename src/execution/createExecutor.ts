import type { ConcurrencyGate } from '../commands/executions/concurrency.js'
import type { CommittedRun, RunHub } from '../commands/executions/runHub.js'
import type { RunPlans } from '../commands/executions/runPlans.js'
import type { RunWriter } from '../commands/executions/runWriter.js'
import type { Clock, IdSource } from '../commands/ports.js'
import type { SecretReader } from '../commands/secrets/secretReader.js'
import { FlowledgerError } from '../domain/errors.js'
import type { StoredEvent } from '../domain/events/recordedEvent.js'
import { decideTimers } from '../domain/execution/decide/timers.js'
import { getIn } from '../domain/execution/persistentMap.js'
import { mayAdvance } from '../domain/execution/run.js'
import { idOfStream } from '../domain/streams.js'
import type { EventFeed } from '../eventlog/eventFeed.js'
import type { WorkQueue } from '../eventlog/workQueue.js'
import { type AbortWatch, startAbortWatch } from './abortWatch.js'
import { createSlotPool } from './attemptSlots.js'
import { createAttempts } from './attempts.js'
import type { ChildStarter } from './childRuns.js'
import { createChildWaits } from './childWaits.js'
import { createContextFor } from './executorContext.js'
import type { NodeEvaluator } from './expressions/nodeEvaluator.js'
import type { OpenWork } from './openWork.js'
import { createQueuedRuns } from './queuedRuns.js'
import { createScan } from './scan.js'
import { graceTimer, mayPass, type TendDependencies, tendRun } from './tendRun.js'
import { createTimerService } from './timers.js'
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

/** How old a state may be that says whether a scheduled node still has to be claimed; the claim itself is exact. */
const recentMs = 1_000

/** What could not be claimed so often in a row is left to the scan. */
const claimTries = 100

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
  const background = new Set<Promise<void>>()
  let stopped = false

  /** Work that nobody waits for. What fails for a passing reason is found again by the scan. */
  const inBackground = (work: () => Promise<unknown>): void => {
    if (stopped) return
    const done = work()
      .then(() => undefined)
      .catch((error: unknown) => {
        const isGone = error instanceof FlowledgerError && error.code === 'execution_not_found'
        if (!mayPass(error) && !isGone) unexpected(error)
      })
      .finally(() => background.delete(done))
    background.add(done)
  }

  const fire = (executionId: string, timerIds: readonly string[]): void =>
    inBackground(async () => {
      if (timerIds.includes(graceTimer)) return tendRun(tending, executionId)
      const { state } = await runs.load(executionId, Number.POSITIVE_INFINITY)
      await runs.change(executionId, contextFor(state), (newest, plan, env) =>
        decideTimers(newest, plan, env, timerIds),
      )
    })

  const timers = createTimerService(fire, () => clock.now().getTime())
  const tending: TendDependencies = { runs, attempts, children, timers, contextFor, clock, executor: name, sole }
  const tend = (executionId: string): void => inBackground(() => tendRun(tending, executionId))
  const tendIfInFlight = (executionId: string): void => {
    if (attempts.executions().includes(executionId)) tend(executionId)
  }

  /** What this process has just appended needs no way through the log. */
  const onCommitted = ({ executionId, state, events }: CommittedRun): void => {
    for (const event of events) {
      switch (event.type) {
        case 'NodeAttemptStarted':
          if (event.data.executor !== name) break
          attempts.launch(state, event.data.nodeId, event.data.attempt, event.id)
          if (watch?.heard(executionId)) tend(executionId)
          break
        case 'NodeScheduled':
          if (event.data.wait?.kind === 'subworkflow' || event.data.wait?.kind === 'map') {
            children.look(executionId, event.data.nodeId)
          }
          break
        case 'TimerScheduled':
          timers.add(executionId, event.data.timerId, Date.parse(event.data.dueAt))
          break
        case 'ExecutionStarted':
          if (event.data.queued) queued.add(event.data.workflowId, executionId)
          break
        case 'ExecutionResumed':
        case 'ExecutionCancelRequested':
          tend(executionId)
          break
        case 'TimerFired':
          if (event.data.kind === 'runTimeout') tend(executionId)
          // It may be that of a wait for child runs, which are cancelled then.
          if (event.data.kind === 'nodeTimeout' && event.data.nodeId !== undefined) {
            children.look(executionId, event.data.nodeId)
          }
          break
        case 'NodeFailed':
          // Children of a run that is failing are cancelled before it ends.
          if (event.data.handling === 'failRun' && state.phase === 'active') tend(executionId)
          break
        case 'ExecutionCompleted':
        case 'ExecutionFailed':
        case 'ExecutionCancelled':
        case 'ExecutionTimedOut':
          if (state.outcome !== 'completed') attempts.abort(executionId, 'cancelled')
          children.ended(state)
          if (queued.has(state.workflowId)) inBackground(() => queued.admit(state.workflowId))
          break
        default:
      }
    }
  }

  const refuseStopped = (): void => {
    if (stopped) throw new FlowledgerError('unavailable', 'stopping', 'the executor is stopping')
  }

  /** Until it is claimed, here or elsewhere: what takes the free slot may be another run's node, and then this one waits on. */
  const claimWhenFree = async (executionId: string, nodeId: string): Promise<void> => {
    for (let tries = 0; tries < claimTries; tries += 1) {
      const { state } = await runs.load(executionId, recentMs)
      if (!mayAdvance(state) || getIn(state.nodes, nodeId)?.status !== 'scheduled') return
      await slots.free()
      try {
        refuseStopped()
        await tendRun(tending, executionId)
      } finally {
        slots.passOn()
      }
    }
  }

  /** An event of the group: mostly of this process's own making and done already. */
  const carryOut = async (event: StoredEvent): Promise<void> => {
    const executionId = idOfStream(event.stream)
    if (event.type === 'NodeScheduled') {
      const { nodeId, wait } = event.data as { nodeId: string; wait?: { kind: string } }
      if (wait !== undefined) {
        // Timers and signals need nobody until they come; whoever began the wait looks after its children already.
        const hasChildren = wait.kind === 'subworkflow' || wait.kind === 'map'
        if (hasChildren && !children.knows(executionId, nodeId)) children.look(executionId, nodeId)
        return
      }
      return claimWhenFree(executionId, nodeId)
    }
    refuseStopped()
    await tendRun(tending, executionId)
  }

  let reader: WorkReader | undefined
  let watch: AbortWatch | undefined
  const scan = createScan({
    openWork: dependencies.openWork,
    clock,
    tend: (executionId) => tendRun(tending, executionId),
    queued,
    inFlight: () => (sole ? [] : attempts.executions()),
    unexpected,
  })
  const ignore: (() => void)[] = []

  return {
    start: () => {
      ignore.push(
        hub.listen(onCommitted),
        gate.onPlace((workflowId) => inBackground(() => queued.admit(workflowId))),
      )
      hub.slots = slots
      reader = startWorkReader({ queue: dependencies.queue, carryOut, unexpected })
      if (!sole) watch = startAbortWatch({ feed: dependencies.feed, tend: tendIfInFlight, unexpected })
      scan.start(dependencies.scanMs ?? 2_000)
    },
    stop: async () => {
      stopped = true
      if (hub.slots === slots) hub.slots = undefined
      timers.stop()
      children.stop()
      await Promise.all([scan.stop(), watch?.stop()])
      // Those that wait for a slot in the reader get one as attempts end.
      await Promise.all([reader?.stop(), attempts.drain(dependencies.stopGraceMs ?? 10_000)])
      await children.idle()
      await Promise.all(background)
      for (const end of ignore) end()
    },
    status: () => ({ attempts: attempts.inFlight, slotsInUse: slots.inUse, timers: timers.pending }),
    scan: scan.once,
  }
}

import type { ConcurrencyGate } from '../commands/executions/concurrency.js'
import type { RunPlans } from '../commands/executions/runPlans.js'
import type { RunWriter } from '../commands/executions/runWriter.js'
import { decideDequeue } from '../domain/execution/decide/controls.js'
import { plannedNode } from '../domain/execution/runPlan.js'
import type { ContextFor } from './executorContext.js'
import type { OpenWork } from './openWork.js'
import { isHeldBack } from './schedules/overlap.js'

export interface QueuedRuns {
  /** A run that has to wait for a place; in the order of their turn. */
  add(workflowId: string, executionId: string): void
  /** A place may be free: lets the next runs of the workflow go. */
  admit(workflowId: string): Promise<void>
  has(workflowId: string): boolean
  workflows(): readonly string[]
}

/** Runs in the queue, first in first out per workflow. The read models tell those that other processes queued. */
export const createQueuedRuns = ({
  runs,
  plans,
  gate,
  openWork,
  contextFor,
}: {
  readonly runs: RunWriter
  readonly plans: RunPlans
  readonly gate: ConcurrencyGate
  readonly openWork: Pick<OpenWork, 'openRuns'>
  readonly contextFor: ContextFor
}): QueuedRuns => {
  const queues = new Map<string, Set<string>>()
  const admitting = new Map<string, Promise<void>>()

  const admitNext = async (workflowId: string, waiting: Iterable<string>): Promise<void> => {
    const queue = queues.get(workflowId)
    for (const executionId of waiting) {
      const { state } = await runs.load(executionId)
      if (state.phase === 'queued' && !state.paused) {
        const { plan } = await plans.pinned(workflowId, state.version)
        if (await isHeldBack({ runs, openWork }, state, plannedNode(plan, state.trigger.nodeId).node.config)) continue
        if (!(await gate.admit(workflowId, executionId, plan.definition.settings))) return
        await runs.change(executionId, contextFor(state), decideDequeue)
      }
      queue?.delete(executionId)
    }
    if (queue?.size === 0) queues.delete(workflowId)
  }

  return {
    add: (workflowId, executionId) => {
      const queue = queues.get(workflowId) ?? new Set()
      queue.add(executionId)
      queues.set(workflowId, queue)
    },
    admit: async (workflowId) => {
      const before = admitting.get(workflowId) ?? Promise.resolve()
      const turn = before
        .catch(() => undefined)
        .then(async () => {
          const waiting = gate.waiting(workflowId) ?? queues.get(workflowId)
          if (waiting !== undefined) await admitNext(workflowId, waiting)
        })
      admitting.set(workflowId, turn)
      try {
        await turn
      } finally {
        if (admitting.get(workflowId) === turn) admitting.delete(workflowId)
      }
    },
    has: (workflowId) => queues.has(workflowId),
    workflows: () => [...queues.keys()],
  }
}

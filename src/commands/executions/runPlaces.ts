import type { StoredEvent } from '../../domain/events/recordedEvent.js'
import { endTypes } from '../../domain/execution/endings.js'
import { idOfStream } from '../../domain/streams.js'

/** What decides who may run where a workflow limits its runs. */
export const placeTypes = ['ExecutionStarted', 'ExecutionResumed', ...endTypes] as const

interface Places {
  readonly running: Set<string>
  /** In the order of the log. */
  readonly waiting: Set<string>
}

/** The runs of all workflows that have not ended, as a prefix of the log tells them. */
export interface RunPlaces {
  /** Folds one more event, or the same one again. `workflowOf` is asked for a run that is taken up after its end. */
  apply(event: StoredEvent, workflowOf: (executionId: string) => Promise<string>): Promise<string | undefined>
  /** Running and waiting. */
  count(workflowId: string): number
  waiting(workflowId: string): ReadonlySet<string>
  /**
   * Whether a waiting run may run: what runs, and what waits longer, leaves it a place. All who fold the same log agree, whatever
   * prefix of it they know: once a run has its place only a run that was taken up again can take that away, and runs that
   * come later never do. So as many run as the limit says, however many processes decide this.
   */
  mayRun(workflowId: string, executionId: string, limit: number): boolean
  workflows(): Iterable<string>
}

const nobody: ReadonlySet<string> = new Set()

export const createRunPlaces = (): RunPlaces => {
  const workflows = new Map<string, Places>()
  const workflowByRun = new Map<string, string>()

  const add = (workflowId: string, executionId: string, to: keyof Places): void => {
    const places = workflows.get(workflowId) ?? { running: new Set(), waiting: new Set() }
    workflows.set(workflowId, places)
    workflowByRun.set(executionId, workflowId)
    places[to].add(executionId)
  }

  const remove = (executionId: string): string | undefined => {
    const workflowId = workflowByRun.get(executionId)
    const places = workflowId === undefined ? undefined : workflows.get(workflowId)
    if (workflowId === undefined || places === undefined) return undefined
    workflowByRun.delete(executionId)
    places.running.delete(executionId)
    places.waiting.delete(executionId)
    if (places.running.size + places.waiting.size === 0) workflows.delete(workflowId)
    return workflowId
  }

  return {
    apply: async ({ type, stream, data }, workflowOf) => {
      const executionId = idOfStream(stream)
      if (type === 'ExecutionStarted') {
        const { workflowId, queued } = data as { workflowId: string; queued: boolean }
        if (!workflowByRun.has(executionId)) add(workflowId, executionId, queued ? 'waiting' : 'running')
        return workflowId
      }
      if (type !== 'ExecutionResumed') return remove(executionId)
      if ((data as { from: string }).from === 'paused') return workflowByRun.get(executionId)
      const workflowId = workflowByRun.get(executionId) ?? (await workflowOf(executionId))
      remove(executionId)
      add(workflowId, executionId, 'running')
      return workflowId
    },
    count: (workflowId) => {
      const { running, waiting } = workflows.get(workflowId) ?? { running: nobody, waiting: nobody }
      return running.size + waiting.size
    },
    waiting: (workflowId) => workflows.get(workflowId)?.waiting ?? nobody,
    mayRun: (workflowId, executionId, limit) => {
      const { running, waiting } = workflows.get(workflowId) ?? { running: nobody, waiting: nobody }
      if (running.has(executionId)) return true
      let before = running.size
      for (const waits of waiting) {
        if (before >= limit) return false
        if (waits === executionId) return true
        before += 1
      }
      return false
    },
    workflows: () => workflows.keys(),
  }
}

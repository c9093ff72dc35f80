import type { Settings } from '../../domain/definition.js'
import { FlowledgerError } from '../../domain/errors.js'
import type { RunHub } from './runHub.js'

/** How many runs of a workflow are active, as far as the read models know. */
export type CountActiveRuns = (workflowId: string) => Promise<number>

/**
 * Places for the runs of workflows with a concurrency limit. What this process starts and ends is counted exactly; what was
 * there before it, and what others do, is counted by the read models: once, or again every second where there are others.
 */
export interface ConcurrencyGate {
  /** Takes a place, or says that the run has to queue; throws `concurrency_limit` where the settings refuse instead. */
  enter(workflowId: string, executionId: string, settings: Settings): Promise<'start' | 'queue'>
  /** Gives back the place of a run that did not come about. */
  leave(workflowId: string, executionId: string): void
  /** Takes a place for a run in the queue; false where there is none. */
  admit(workflowId: string, executionId: string, settings: Settings): Promise<boolean>
  close(): void
}

interface Places {
  /** Runs that took their place in this process. */
  readonly own: Set<string>
  /** How many more there are. */
  foreign: number
  countedAt: number
}

const recountMs = 1_000

export const createConcurrencyGate = ({
  hub,
  countActive,
  elsewhere,
}: {
  readonly hub: RunHub
  readonly countActive: CountActiveRuns
  /** Whether other processes start and end runs too. */
  readonly elsewhere: boolean
}): ConcurrencyGate => {
  const workflows = new Map<string, Promise<Places>>()
  const counted = new Map<string, Places>()

  const close = hub.listen(({ executionId, state }) => {
    const places = counted.get(state.workflowId)
    if (places === undefined) return
    if (state.phase === 'active') places.own.add(executionId)
    else if (state.phase === 'ended' && !places.own.delete(executionId))
      places.foreign = Math.max(0, places.foreign - 1)
  })

  const count = async (workflowId: string, own: Set<string>): Promise<Places> => {
    const active = await countActive(workflowId)
    const places = { own, foreign: Math.max(0, active - own.size), countedAt: performance.now() }
    counted.set(workflowId, places)
    return places
  }

  const placesOf = async (workflowId: string): Promise<Places> => {
    const known = counted.get(workflowId)
    const isFresh = known !== undefined && (!elsewhere || performance.now() - known.countedAt < recountMs)
    if (isFresh) return known
    const counting = workflows.get(workflowId) ?? count(workflowId, known?.own ?? new Set())
    workflows.set(workflowId, counting)
    try {
      return await counting
    } finally {
      workflows.delete(workflowId)
    }
  }

  const take = async (workflowId: string, executionId: string, limit: number): Promise<boolean> => {
    const places = await placesOf(workflowId)
    if (places.own.has(executionId)) return true
    if (places.own.size + places.foreign >= limit) return false
    places.own.add(executionId)
    return true
  }

  return {
    enter: async (workflowId, executionId, { concurrency }) => {
      if (concurrency === undefined || (await take(workflowId, executionId, concurrency.limit))) return 'start'
      if (concurrency.whenFull === 'queue') return 'queue'
      throw new FlowledgerError(
        'tooMany',
        'concurrency_limit',
        `${concurrency.limit} runs of this workflow are active, and its settings allow no more`,
        [],
        { retryAfterSeconds: 1 },
      )
    },
    leave: (workflowId, executionId) => {
      counted.get(workflowId)?.own.delete(executionId)
    },
    admit: async (workflowId, executionId, { concurrency }) =>
      concurrency === undefined || take(workflowId, executionId, concurrency.limit),
    close,
  }
}

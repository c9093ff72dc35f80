import { type ConcurrencyGate, refuseFull } from './concurrency.js'
import type { RunHub } from './runHub.js'

/** How many runs of a workflow are active, as far as the read models know. */
export type CountActiveRuns = (workflowId: string) => Promise<number>

interface Places {
  /** Runs that took their place in this process. */
  readonly own: Set<string>
  /** How many more there are. */
  foreign: number
}

/**
 * The gate of the only process that starts and ends runs: what it does it counts, and what was there before it is counted once, by
 * the read models.
 */
export const createLocalGate = ({
  hub,
  countActive,
}: {
  readonly hub: RunHub
  readonly countActive: CountActiveRuns
}): ConcurrencyGate => {
  const counting = new Map<string, Promise<Places>>()
  const counted = new Map<string, Places>()
  /** Workflows of which a run began or ended while they were being counted. */
  const changed = new Set<string>()

  const endHub = hub.listen(({ executionId, state }) => {
    if (counting.has(state.workflowId)) changed.add(state.workflowId)
    const places = counted.get(state.workflowId)
    if (places === undefined) return
    if (state.phase === 'active') places.own.add(executionId)
    else if (state.phase === 'ended' && !places.own.delete(executionId))
      places.foreign = Math.max(0, places.foreign - 1)
  })

  const count = async (workflowId: string): Promise<Places> => {
    let foreign: number
    do {
      changed.delete(workflowId)
      foreign = await countActive(workflowId)
    } while (changed.delete(workflowId))
    const places = { own: new Set<string>(), foreign }
    counted.set(workflowId, places)
    return places
  }

  const placesOf = (workflowId: string): Places | Promise<Places> => {
    const known = counted.get(workflowId) ?? counting.get(workflowId)
    if (known !== undefined) return known
    const begun = count(workflowId).finally(() => counting.delete(workflowId))
    counting.set(workflowId, begun)
    return begun
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
      throw refuseFull(concurrency.limit)
    },
    leave: (workflowId, executionId) => {
      counted.get(workflowId)?.own.delete(executionId)
    },
    admit: async (workflowId, executionId, { concurrency }) =>
      concurrency === undefined || take(workflowId, executionId, concurrency.limit),
    waiting: () => undefined,
    onPlace: () => () => undefined,
    close: async () => {
      endHub()
    },
  }
}

import type { RunWriter } from '../commands/executions/runWriter.js'
import { FlowledgerError } from '../domain/errors.js'
import type { StoredEvent } from '../domain/events/recordedEvent.js'
import { getIn } from '../domain/execution/persistentMap.js'
import { mayAdvance } from '../domain/execution/run.js'
import { idOfStream } from '../domain/streams.js'
import type { SlotPool } from './attemptSlots.js'
import type { ChildWaits } from './childWaits.js'

/** What could not be claimed so often in a row is left to the scan. */
const claimTries = 100

/** Carries out events of the executors' group. Throws `stopping` where the executor is. */
export const createWorkHandler = ({
  runs,
  slots,
  children,
  tend,
  isStopped,
}: {
  readonly runs: Pick<RunWriter, 'loadIncluding'>
  readonly slots: SlotPool
  readonly children: Pick<ChildWaits, 'knows' | 'look'>
  readonly tend: (executionId: string) => Promise<void>
  readonly isStopped: () => boolean
}): ((event: StoredEvent) => Promise<void>) => {
  const refuseStopped = (): void => {
    if (isStopped()) throw new FlowledgerError('unavailable', 'stopping', 'The executor is stopping.')
  }

  /**
   * Until it is claimed, here or elsewhere: what takes the free slot may be another run's node, and then this one waits on. Once
   * it is no longer scheduled it never is again without another event; the claim itself is exact.
   */
  const claimWhenFree = async (executionId: string, nodeId: string, revision: number): Promise<void> => {
    for (let tries = 0; tries < claimTries; tries += 1) {
      const { state } = await runs.loadIncluding(executionId, revision)
      if (!mayAdvance(state) || getIn(state.nodes, nodeId)?.status !== 'scheduled') return
      await slots.free()
      try {
        refuseStopped()
        await tend(executionId)
      } finally {
        slots.passOn()
      }
    }
  }

  // Mostly of this process's own making and done already.
  return async (event) => {
    const executionId = idOfStream(event.stream)
    if (event.type === 'NodeScheduled') {
      const { nodeId, wait } = event.data as { nodeId: string; wait?: { kind: string } }
      if (wait !== undefined) {
        // Timers and signals need nobody until they come; whoever began the wait looks after its children already.
        const hasChildren = wait.kind === 'subworkflow' || wait.kind === 'map'
        if (hasChildren && !children.knows(executionId, nodeId)) children.look(executionId, nodeId)
        return
      }
      return claimWhenFree(executionId, nodeId, event.revision)
    }
    refuseStopped()
    await tend(executionId)
  }
}

import type { CommandContext } from '../commands/commandHandler.js'
import type { Clock, IdSource } from '../commands/ports.js'
import type { ExecutionState } from '../domain/execution/executionState.js'

/** Makes the contexts of the commands that an executor gives. */
export type ContextFor = (
  state: Pick<ExecutionState, 'correlationId' | 'lastEventId'>,
  causationId?: string,
) => CommandContext

export const createContextFor =
  (executor: string, clock: Clock, ids: IdSource): ContextFor =>
  ({ correlationId, lastEventId }, causationId) => {
    const commandId = ids.next()
    return {
      commandId,
      actor: { kind: 'system', id: executor, name: 'executor' },
      now: clock.now().toISOString(),
      correlationId: correlationId === '' ? commandId : correlationId,
      causationId: causationId ?? (lastEventId === '' ? commandId : lastEventId),
    }
  }

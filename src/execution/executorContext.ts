import type { CommandContext } from '../commands/commandHandler.js'
import type { Clock, IdSource } from '../commands/ports.js'
import type { ExecutionState } from '../domain/execution/executionState.js'
import { type TracedRun, traceOfRun } from '../domain/execution/runTrace.js'
import { formatTraceparent } from '../domain/trace.js'

/** Makes the contexts of the commands that an executor gives. */
export type ContextFor = (
  state: TracedRun & Pick<ExecutionState, 'lastEventId'>,
  causationId?: string,
) => CommandContext

export const createContextFor =
  (executor: string, clock: Clock, ids: IdSource): ContextFor =>
  (state, causationId) => {
    const { correlationId, lastEventId, traceparent } = state
    const commandId = ids.next()
    return {
      commandId,
      actor: { kind: 'system', id: executor, name: 'executor' },
      now: clock.now().toISOString(),
      correlationId: correlationId === '' ? commandId : correlationId,
      causationId: causationId ?? (lastEventId === '' ? commandId : lastEventId),
      ...(traceparent === undefined ? undefined : { traceparent: formatTraceparent(traceOfRun(state)) }),
    }
  }

import { notFound } from '../domain/errors.js'
import { streamName } from '../domain/streams.js'
import { workflowAggregate } from '../domain/workflow/aggregate.js'
import type { Workflow } from '../domain/workflow/state.js'
import type { EventStore } from '../eventlog/eventStore.js'
import type { Point } from './point.js'
import { checkReached, type StateAt, stateAt } from './stateAt.js'

/** A workflow as it was. Throws `workflow_not_found` where it was not there yet, `revision_not_found`. */
export const workflowAt = async (store: EventStore, id: string, until?: Point): Promise<StateAt<Workflow>> => {
  const { state, revision } = await stateAt(store, workflowAggregate, streamName('workflow', id), until)
  if (state === undefined) throw notFound('workflow_not_found', 'There is no such workflow at that moment.')
  checkReached({ state, revision }, until)
  return { state, revision }
}

import { type DefinitionDiff, diffDefinitions } from '../domain/diff/definitionDiff.js'
import { invalid, notFound } from '../domain/errors.js'
import type { WorkflowEvent } from '../domain/events/catalogue/index.js'
import type { RecordedEvent } from '../domain/events/recordedEvent.js'
import { streamName } from '../domain/streams.js'
import { workflowAggregate } from '../domain/workflow/aggregate.js'
import { draftOf, type WorkflowState } from '../domain/workflow/state.js'
import type { EventStore } from '../eventlog/eventStore.js'
import { happenedBy, type Point } from './point.js'
import { eventsUntil } from './readEvents.js'
import { checkReached } from './stateAt.js'

/** A text that is not what it was; `before` is null where there was no workflow yet. */
export interface TextChange {
  readonly before: string | null
  readonly after: string
}

/** What made one moment of a workflow's draft the other. */
export interface Changes {
  /** Revisions of the last events that had happened at the two moments; `from` is -1 before the first event. */
  readonly from: number
  readonly to: number
  /** Null where it is the same at both. */
  readonly name: TextChange | null
  readonly description: TextChange | null
  readonly diff: DefinitionDiff
  /** The events after `from`, up to `to`, oldest first. */
  readonly events: readonly RecordedEvent<WorkflowEvent>[]
}

/** Most events that an answer holds; the difference is of all of them. */
const mostEvents = 1_000

const emptyDraft = { nodes: [], edges: [], settings: {} }

interface Moment {
  readonly state: WorkflowState
  readonly revision: number
}

const nothing: Moment = { state: undefined, revision: -1 }
const chunk = 500

const textChange = (before: string | undefined, after: string): TextChange | null =>
  before === after ? null : { before: before ?? null, after }

const foldOnto = ({ state, revision }: Moment, events: readonly RecordedEvent<WorkflowEvent>[]): Moment => ({
  state: workflowAggregate.evolveAll(state, events),
  revision: events.at(-1)?.revision ?? revision,
})

/** Folds the stream once. `from` undefined: before the first event; `to` undefined: now. */
export const changesBetween = async (
  store: EventStore,
  workflowId: string,
  from: Point | undefined,
  to: Point | undefined,
): Promise<Changes> => {
  let before: Moment | undefined
  let after = nothing
  const events: RecordedEvent<WorkflowEvent>[] = []
  let pending: RecordedEvent<WorkflowEvent>[] = []
  const fold = (): Moment => {
    after = foldOnto(after, pending)
    pending = []
    return after
  }
  for await (const recorded of eventsUntil(store, streamName('workflow', workflowId), to)) {
    const event = recorded as RecordedEvent<WorkflowEvent>
    if (from === undefined || !happenedBy(event, from)) {
      before ??= fold()
      if (events.length < mostEvents) events.push(event)
    }
    pending.push(event)
    if (pending.length === chunk) fold()
  }
  const { state, revision } = fold()
  if (state === undefined) throw notFound('workflow_not_found', 'There is no such workflow at that moment.')
  checkReached(after, to)
  if (before === undefined) checkReached(after, from)
  const first = before ?? after
  return {
    from: first.revision,
    to: revision,
    name: textChange(first.state?.name, state.name),
    description: textChange(first.state?.description, state.description),
    diff: diffDefinitions(first.state === undefined ? emptyDraft : draftOf(first.state), draftOf(state)),
    events,
  }
}

/** Whether the first moment is known to be later than the second; then there is nothing between them. */
export const checkOrder = (from: Point | undefined, to: Point | undefined): void => {
  const later =
    from !== undefined &&
    to !== undefined &&
    (('revision' in from && 'revision' in to && from.revision > to.revision) ||
      ('time' in from && 'time' in to && Date.parse(from.time) > Date.parse(to.time)))
  if (!later) return
  const detail = 'The moment `from` must not be later than `to`.'
  throw invalid('invalid_range', detail, [{ pointer: '/from', code: 'invalid_range', detail }])
}

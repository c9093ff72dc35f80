import { notFound } from '../domain/errors.js'
import type { WorkflowEvent } from '../domain/events/catalogue/index.js'
import type { RecordedEvent } from '../domain/events/recordedEvent.js'
import type { ExecutionState } from '../domain/execution/executionState.js'
import { streamName } from '../domain/streams.js'
import type { Workflow } from '../domain/workflow/state.js'
import type { EventFeed } from '../eventlog/eventFeed.js'
import type { EventStore } from '../eventlog/eventStore.js'
import { type BlameEntry, createBlame } from './blame.js'
import { type Changes, changesBetween, checkOrder } from './changes.js'
import { executionAt } from './executionAt.js'
import { type EventFilter, exportEvents } from './exportEvents.js'
import { type HistoryPage, readHistory } from './history.js'
import type { Point } from './point.js'
import { eventsUntil } from './readEvents.js'
import type { StateAt } from './stateAt.js'
import { type Verification, type VerifyAllOptions, verifyAll, verifyStream } from './verification.js'
import { workflowAt } from './workflowAt.js'

export interface Blame {
  readonly revision: number
  readonly entries: readonly BlameEntry[]
}

/** Replay on demand: every answer is made from the log, none from a read model. Missing things are `…_not_found`. */
export interface Audit {
  workflowAt(workflowId: string, until?: Point): Promise<StateAt<Workflow>>
  executionAt(executionId: string, until?: Point): Promise<StateAt<ExecutionState>>
  /** Undefined where the stream does not exist. */
  history(stream: string, from: number, limit: number): Promise<HistoryPage | undefined>
  /** Throws `invalid_range` too. `from` undefined: before the first event; `to` undefined: now. */
  changes(workflowId: string, from: Point | undefined, to: Point | undefined): Promise<Changes>
  blame(workflowId: string, until?: Point): Promise<Blame>
  verifyStream(stream: string): Promise<Verification>
  verifyAll(options?: VerifyAllOptions): Promise<Verification>
  export(filter: EventFilter): AsyncIterable<RecordedEvent>
}

export const createAudit = ({ store, feed }: { readonly store: EventStore; readonly feed: EventFeed }): Audit => {
  const exists = async (stream: string): Promise<boolean> => {
    for await (const _ of store.readStream(stream, { limit: 1 })) return true
    return false
  }

  return {
    workflowAt: (id, until) => workflowAt(store, id, until),
    executionAt: (id, until) => executionAt(store, id, until),
    history: async (stream, from, limit) => {
      const page = await readHistory(store, stream, from, limit)
      return page.events.length > 0 || (await exists(stream)) ? page : undefined
    },
    changes: async (id, from, to) => {
      checkOrder(from, to)
      return changesBetween(store, id, from, to)
    },
    blame: async (id, until) => {
      const blame = createBlame()
      let revision = -1
      for await (const event of eventsUntil(store, streamName('workflow', id), until)) {
        blame.add(event as RecordedEvent<WorkflowEvent>)
        revision = event.revision
      }
      if (revision < 0) throw notFound('workflow_not_found', 'There is no such workflow at that moment.')
      return { revision, entries: blame.entries() }
    },
    verifyStream: async (stream) => {
      const verification = await verifyStream(store, stream)
      if (verification === undefined) throw notFound('stream_not_found', `There is no stream ${stream}.`)
      return verification
    },
    verifyAll: (options) => verifyAll({ store, feed }, options),
    export: (filter) => exportEvents({ store, feed }, filter),
  }
}

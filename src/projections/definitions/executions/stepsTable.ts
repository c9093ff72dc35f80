import type { NodeError } from '../../../domain/events/catalogue/execution.js'
import type { EventData } from '../../../domain/events/catalogue/index.js'
import type { JsonValue } from '../../../domain/json.js'
import { idOfStream } from '../../../domain/streams.js'
import { exact, integer, json, nullable, payload, timestamp, uuid } from '../../model/columns.js'
import type { Table } from '../../model/projection.js'
import { type OpenStatus, openStatusAfter } from './openSteps.js'

export type StepRow = {
  execution_id: string
  node_id: string
  key: string
  type: string
  status: OpenStatus | 'pending' | 'completed' | 'skipped' | 'failed' | 'cancelled'
  attempts: number
  /** The steps whose outputs are this one's input. */
  input_from: string[]
  /** Undefined where it passes its input through; a trigger's is the run's input. */
  output: JsonValue | undefined
  error: NodeError | null
  /** How its failure was dealt with; null where it did not fail. */
  handling: EventData<'NodeFailed'>['handling'] | null
  /** Revision of the event that brought it: the order of the run. */
  ordinal: number
  started_at: string
  finished_at: string | null
}

interface NodeEvent {
  readonly stream: string
  readonly revision: number
  readonly data: { nodeId: string; key: string; nodeType: string; inputFrom?: string[] }
  readonly metadata: { occurredAt: string }
}

const ofNode = (event: { data: { nodeId: string } }): readonly string[] => [event.data.nodeId]

/** The step as it was, or as its first event finds it. */
const stepBefore = (row: StepRow | undefined, { stream, revision, data, metadata }: NodeEvent): StepRow =>
  row ?? {
    execution_id: idOfStream(stream),
    node_id: data.nodeId,
    key: data.key,
    type: data.nodeType,
    status: 'pending',
    attempts: 0,
    input_from: data.inputFrom ?? [],
    output: undefined,
    error: null,
    handling: null,
    ordinal: revision,
    started_at: metadata.occurredAt,
    finished_at: null,
  }

/** It starts when it is first attempted; until then, when it was scheduled. */
const firstStart = (row: StepRow | undefined, { metadata }: NodeEvent): Partial<StepRow> =>
  row === undefined || row.attempts === 0 ? { started_at: metadata.occurredAt } : {}

export const stepsTable: Table<StepRow> = {
  name: 'execution_steps',
  owner: 'execution_id',
  local: 'node_id',
  columns: {
    execution_id: uuid,
    node_id: exact,
    key: exact,
    type: exact,
    status: exact,
    attempts: integer,
    input_from: json,
    output: payload,
    error: nullable(json),
    handling: nullable(exact),
    ordinal: integer,
    started_at: timestamp,
    finished_at: nullable(timestamp),
  },
  indexes: [],
  on: {
    ExecutionStarted: {
      rows: (event) => [event.data.trigger.nodeId],
      evolve: (row, event) => {
        const { nodeId, key, type } = event.data.trigger
        const at = event.metadata.occurredAt
        const step = stepBefore(row, { ...event, data: { nodeId, key, nodeType: type } })
        return { ...step, status: 'completed', started_at: at, finished_at: at }
      },
    },
    NodeScheduled: {
      rows: ofNode,
      evolve: (row, event) => ({
        ...stepBefore(row, event),
        status: openStatusAfter.NodeScheduled(event) ?? 'scheduled',
        ...(event.data.wait === undefined ? {} : { attempts: event.data.attempt ?? (row?.attempts ?? 0) + 1 }),
        ...firstStart(row, event),
        input_from: event.data.inputFrom,
        finished_at: null,
      }),
    },
    NodeAttemptStarted: {
      rows: ofNode,
      evolve: (row, event) => ({
        ...stepBefore(row, event),
        status: 'running',
        attempts: event.data.attempt,
        ...firstStart(row, event),
        input_from: event.data.inputFrom,
        finished_at: null,
      }),
    },
    NodeAttemptFailed: {
      rows: ofNode,
      evolve: (row, event) => ({
        ...stepBefore(row, event),
        status: openStatusAfter.NodeAttemptFailed(event) ?? 'running',
        error: event.data.error,
      }),
    },
    NodeCompleted: {
      rows: ofNode,
      evolve: (row, event) => ({
        ...stepBefore(row, event),
        status: 'completed',
        attempts: event.data.attempt ?? row?.attempts ?? 0,
        input_from: event.data.inputFrom,
        output: event.data.output,
        error: null,
        handling: null,
        finished_at: event.metadata.occurredAt,
      }),
    },
    NodeSkipped: {
      rows: ofNode,
      evolve: (row, event) => ({
        ...stepBefore(row, event),
        status: 'skipped',
        finished_at: event.metadata.occurredAt,
      }),
    },
    NodeFailed: {
      rows: ofNode,
      evolve: (row, event) => ({
        ...stepBefore(row, event),
        status: openStatusAfter.NodeFailed(event) ?? 'failed',
        attempts: event.data.attempt ?? row?.attempts ?? 0,
        input_from: event.data.inputFrom,
        error: event.data.error,
        handling: event.data.handling,
        finished_at: event.data.handling === 'hold' ? null : event.metadata.occurredAt,
      }),
    },
    NodeInDoubt: {
      rows: ofNode,
      evolve: (row, event) => ({
        ...stepBefore(row, event),
        status: openStatusAfter.NodeInDoubt(event) ?? 'scheduled',
      }),
    },
    /** What an operator decided otherwise follows as the node's own event. */
    NodeResolved: {
      rows: ofNode,
      evolve: (row, event) => {
        const step = stepBefore(row, event)
        return event.data.action === 'retry' ? { ...step, status: 'pending', handling: null, finished_at: null } : step
      },
    },
    /** Too late to count; where it was still open, that is its end. */
    NodeResultDiscarded: {
      rows: ofNode,
      evolve: (row, event) => {
        const step = stepBefore(row, event)
        const open = step.status === 'running' || step.status === 'waiting' || step.status === 'inDoubt'
        return open && step.attempts === event.data.attempt ? { ...step, status: 'cancelled' } : step
      },
    },
    ExecutionResumed: {
      rows: (event) => event.data.retriedNodeIds ?? [],
      // What the run had not come to has no row.
      evolve: (row) =>
        row === undefined ? null : { ...row, status: 'pending', error: null, handling: null, finished_at: null },
    },
  },
}

import type { NodeError } from '../../../domain/events/catalogue/execution.js'
import type { EventData, EventTypeName } from '../../../domain/events/catalogue/index.js'
import type { JsonValue } from '../../../domain/json.js'
import { idOfStream } from '../../../domain/streams.js'
import { boolean, exact, integer, json, nullable, payload, timestamp, uuid } from '../../model/columns.js'
import { type EventOf, existing, type Handler, type Table } from '../../model/projection.js'
import { type OpenStatus, type OpenSteps, openStatusAfter, statusOfOpen, withStep } from './openSteps.js'

export type ExecutionStatus =
  | 'queued'
  | 'running'
  | 'waiting'
  | 'paused'
  | 'held'
  | 'completed'
  | 'failed'
  | 'cancelled'
  | 'timedOut'

export type ExecutionRow = {
  id: string
  workflow_id: string
  version: number
  version_id: string
  content_hash: string
  status: ExecutionStatus
  trigger: EventData<'ExecutionStarted'>['trigger']
  input: JsonValue | undefined
  /** The steps whose outputs are the run's output. */
  output_from: string[] | null
  error: NodeError | null
  parent: EventData<'ExecutionStarted'>['parent'] | null
  origin_id: string | null
  /** It waits for a place. A run may be paused meanwhile, and waits on when it is resumed. */
  queued: boolean
  paused: boolean
  /** Steps under way; what `status` is made of while the run is active. */
  open_steps: OpenSteps
  revision: number
  started_at: string
  finished_at: string | null
}

type Patch = Partial<ExecutionRow>

const change = <T extends EventTypeName>(
  patch: (event: EventOf<T>, row: ExecutionRow) => Patch | undefined = () => undefined,
): Handler<ExecutionRow, T> => ({
  evolve: (row, event) => {
    const before = existing(row, event)
    const changes = patch(event, before)
    const { revision } = event
    // Most events of a run change nothing else of it.
    return changes === undefined ? { ...before, revision } : { ...before, ...changes, revision }
  },
})

const activeStatus = ({
  queued,
  paused,
  open_steps,
}: Pick<ExecutionRow, 'queued' | 'paused' | 'open_steps'>): ExecutionStatus =>
  paused ? 'paused' : queued ? 'queued' : statusOfOpen(open_steps)

/** While a run is active its status follows what changes it. */
const active = (row: ExecutionRow, patch: Patch): Patch =>
  row.finished_at === null ? { ...patch, status: activeStatus({ ...row, ...patch }) } : patch

const withOpen = (row: ExecutionRow, open: OpenSteps): Patch | undefined =>
  open === row.open_steps ? undefined : active(row, { open_steps: open })

/** The event's step is in this status now; null: it is decided. */
const step = (
  row: ExecutionRow,
  { data }: { data: { nodeId: string } },
  status: OpenStatus | null,
): Patch | undefined => withOpen(row, withStep(row.open_steps, data.nodeId, status))

const ended = (event: { metadata: { occurredAt: string } }, status: ExecutionStatus): Patch => ({
  status,
  paused: false,
  open_steps: {},
  finished_at: event.metadata.occurredAt,
})

export const executionsTable: Table<ExecutionRow> = {
  name: 'executions',
  owner: 'id',
  local: null,
  columns: {
    id: uuid,
    workflow_id: uuid,
    version: integer,
    version_id: uuid,
    content_hash: exact,
    status: exact,
    trigger: json,
    input: payload,
    output_from: nullable(json),
    error: nullable(json),
    parent: nullable(json),
    origin_id: nullable(uuid),
    queued: boolean,
    paused: boolean,
    open_steps: json,
    revision: integer,
    started_at: timestamp,
    finished_at: nullable(timestamp),
  },
  indexes: [
    { name: 'executions_by_start', columns: 'started_at DESC, id DESC' },
    { name: 'executions_by_workflow', columns: 'workflow_id, started_at DESC, id DESC' },
    { name: 'executions_by_status', columns: 'status, started_at DESC, id DESC', where: "status <> 'completed'" },
    { name: 'executions_live', columns: 'workflow_id', where: 'finished_at IS NULL' },
  ],
  on: {
    ExecutionStarted: {
      evolve: (_, event) => ({
        id: idOfStream(event.stream),
        workflow_id: event.data.workflowId,
        version: event.data.version,
        version_id: event.data.versionId,
        content_hash: event.data.contentHash,
        status: event.data.queued ? 'queued' : 'running',
        trigger: event.data.trigger,
        input: event.data.input,
        output_from: null,
        error: null,
        parent: event.data.parent ?? null,
        origin_id: event.data.origin?.executionId ?? null,
        queued: event.data.queued,
        paused: false,
        open_steps: {},
        revision: event.revision,
        started_at: event.metadata.occurredAt,
        finished_at: null,
      }),
    },
    NodeScheduled: change((event, row) => step(row, event, openStatusAfter.NodeScheduled(event))),
    NodeAttemptStarted: change((event, row) => step(row, event, openStatusAfter.NodeAttemptStarted(event))),
    NodeAttemptFailed: change((event, row) => step(row, event, openStatusAfter.NodeAttemptFailed(event))),
    NodeFailed: change((event, row) => step(row, event, openStatusAfter.NodeFailed(event))),
    NodeInDoubt: change((event, row) => step(row, event, openStatusAfter.NodeInDoubt(event))),
    NodeCompleted: change((event, row) => step(row, event, null)),
    NodeSkipped: change((event, row) => step(row, event, null)),
    NodeResolved: change((event, row) => (event.data.action === 'retry' ? step(row, event, null) : undefined)),
    NodeResultDiscarded: change(),
    TimerScheduled: change(),
    TimerFired: change(),
    SignalReceived: change(),
    SignalConsumed: change(),
    ExecutionPaused: change((_, row) => active(row, { paused: true })),
    ExecutionResumed: change(({ data }, row) => {
      if (data.from === 'paused') return active(row, { paused: false })
      if (data.from === 'queued') return active(row, { queued: false })
      return active({ ...row, finished_at: null }, { error: null, output_from: null, finished_at: null })
    }),
    ExecutionCancelRequested: change(),
    ExecutionCancelled: change((event) => ended(event, 'cancelled')),
    ExecutionCompleted: change((event) => ({ ...ended(event, 'completed'), output_from: event.data.outputFrom })),
    ExecutionFailed: change((event) => ({ ...ended(event, 'failed'), error: event.data.error })),
    ExecutionTimedOut: change((event) => ({ ...ended(event, 'timedOut'), error: event.data.error })),
  },
}

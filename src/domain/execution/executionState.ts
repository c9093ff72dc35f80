import type { DeadEdge, Decision, NodeError } from '../events/catalogue/execution.js'
import type { EventData } from '../events/catalogue/index.js'
import type { Actor } from '../events/metadata.js'
import type { JsonValue } from '../json.js'
import { emptyMap, type PersistentMap } from './persistentMap.js'

/**
 * - `pending`: undecided, again (after a retry of the run); a node that was never touched has no state at all.
 * - `scheduled`: may be attempted now. `running`: an attempt was claimed. `retrying`: its retry timer runs.
 * - `waiting`: for time, a signal or child runs. `held`: for an operator. `inDoubt`: held, and nobody knows what happened.
 * - `completed`, `skipped`, `failed`: decided. `failed` may be handled (its ports say so) or be what ends the run.
 * - `cancelled`: open when the run ended.
 */
export type NodeStatus =
  | 'pending'
  | 'scheduled'
  | 'running'
  | 'retrying'
  | 'waiting'
  | 'held'
  | 'inDoubt'
  | 'completed'
  | 'skipped'
  | 'failed'
  | 'cancelled'

/**
 * One attempt as it went. `outcome` is absent while it is in flight. That of a waiting node's attempt is `completed` once it is
 * known what the node waits for, and what became of the wait where that ends with an outcome of its own.
 */
export interface AttemptRecord {
  readonly attempt: number
  readonly executor: string
  readonly startedAt: string
  readonly finishedAt?: string
  readonly outcome?: 'completed' | 'failed' | 'inDoubt' | 'discarded'
  readonly error?: NodeError
  readonly retryAt?: string
  /** Why nobody knows what it did, where it was in doubt. */
  readonly inDoubtAs?: string
}

/** The record of an attempt that was claimed. */
export const recordOf = ({ history }: NodeState, attempt: number): AttemptRecord | undefined =>
  history.find((record) => record.attempt === attempt)

/** What an operator decided of a held step. */
export interface Resolution {
  readonly action: EventData<'NodeResolved'>['action']
  readonly reason: string
  readonly actor: Actor
  readonly at: string
}

/** What a waiting node waits for, as it was recorded when it began to wait. */
export type RecordedWait = NonNullable<EventData<'NodeScheduled'>['wait']>

export interface NodeState {
  readonly nodeId: string
  readonly key: string
  readonly nodeType: string
  readonly status: NodeStatus
  readonly inputFrom: readonly string[]
  /** Number of the last attempt (for a waiting node: of the last wait); it never starts again. */
  readonly attempts: number
  /** Attempts that count for the retry policy; it starts again when an operator or a retry of the run asks for the node. */
  readonly tries: number
  /** Attempts in a row that a crash left without an outcome. */
  readonly crashes: number
  readonly history: readonly AttemptRecord[]
  readonly leaseUntil?: string | undefined
  readonly wait?: RecordedWait | undefined
  /** Ports it emitted; empty until it is decided and when it was skipped. */
  readonly ports: readonly string[]
  /** Its output, whether recorded or passed through. */
  readonly output?: JsonValue | undefined
  readonly error?: NodeError | undefined
  readonly handling?: EventData<'NodeFailed'>['handling'] | undefined
  readonly decisions?: readonly Decision[] | undefined
  readonly deadEdges?: readonly DeadEdge[] | undefined
  readonly resolutions?: readonly Resolution[] | undefined
  readonly startedAt: string
  readonly finishedAt?: string | undefined
}

export interface TimerState {
  readonly timerId: string
  readonly kind: EventData<'TimerScheduled'>['kind']
  readonly nodeId?: string | undefined
  readonly dueAt: string
  readonly fired: boolean
}

export interface KeptSignal {
  readonly signalId: string
  readonly name: string
  readonly payload: JsonValue
}

/** Why the run is about to end: it starts nothing new and waits for what is in flight. */
export interface Ending {
  readonly outcome: 'failed' | 'cancelled' | 'timedOut'
  readonly since: string
  readonly nodeId?: string | undefined
  readonly error?: NodeError | undefined
  readonly reason?: string | undefined
}

export type ExecutionOutcome = 'completed' | 'failed' | 'cancelled' | 'timedOut'

/** How a run ended, behind the words "the run". */
export const endedAs: Readonly<Record<ExecutionOutcome, string>> = {
  completed: 'was completed',
  failed: 'failed',
  cancelled: 'was cancelled',
  timedOut: 'timed out',
}

/** A run as its events tell it. `absent`: its stream does not exist. */
export interface ExecutionState {
  readonly phase: 'absent' | 'queued' | 'active' | 'ended'
  readonly outcome?: ExecutionOutcome | undefined
  readonly executionId: string
  readonly workflowId: string
  readonly version: number
  readonly versionId: string
  readonly contentHash: string
  readonly trigger: EventData<'ExecutionStarted'>['trigger']
  readonly input: JsonValue
  readonly parent?: NonNullable<EventData<'ExecutionStarted'>['parent']> | undefined
  readonly origin?: NonNullable<EventData<'ExecutionStarted'>['origin']> | undefined
  /** Versions of child workflows for nodes that name none. */
  readonly subworkflows?: NonNullable<EventData<'ExecutionStarted'>['subworkflows']> | undefined
  readonly paused: boolean
  readonly ending?: Ending | undefined
  readonly nodes: PersistentMap<NodeState>
  /** Nodes that are completed, skipped, or failed and handled. */
  readonly decided: number
  readonly timers: PersistentMap<TimerState>
  /** Received and not consumed, first in first out. */
  readonly signals: readonly KeptSignal[]
  readonly dedupeIds: PersistentMap<true>
  /** The run's output once it is completed. */
  readonly output?: JsonValue | undefined
  /** Nodes that made the output. */
  readonly outputFrom?: readonly string[] | undefined
  readonly error?: NodeError | undefined
  readonly startedAt: string
  readonly finishedAt?: string | undefined
  /** Of the command that started the run; everything that follows carries it on. */
  readonly correlationId: string
  /** Of the command that started the run, where a trace was on. */
  readonly traceparent?: string | undefined
  /** What led to whatever comes next, where nothing else did. */
  readonly lastEventId: string
}

export const absentExecution: ExecutionState = {
  phase: 'absent',
  outcome: undefined,
  executionId: '',
  workflowId: '',
  version: 0,
  versionId: '',
  contentHash: '',
  trigger: { nodeId: '', key: '', type: '' },
  input: null,
  parent: undefined,
  origin: undefined,
  paused: false,
  ending: undefined,
  nodes: emptyMap,
  decided: 0,
  timers: emptyMap,
  signals: [],
  dedupeIds: emptyMap,
  output: undefined,
  outputFrom: undefined,
  error: undefined,
  startedAt: '',
  finishedAt: undefined,
  correlationId: '',
  lastEventId: '',
}

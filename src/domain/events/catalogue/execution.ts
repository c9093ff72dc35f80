import { z } from 'zod'
import { pinnedSubworkflowSchema } from '../../definition.js'
import { jsonValueSchema } from '../../jsonSchema.js'
import { first } from './eventType.js'

/** What went wrong in a node. `class` groups codes: `expression`, `http`, `timeout`, `limit`, `user`, `internal`, … */
export const nodeErrorSchema = z.strictObject({
  class: z.string(),
  code: z.string(),
  message: z.string(),
  details: jsonValueSchema.optional(),
})
export type NodeError = z.infer<typeof nodeErrorSchema>

/** A choice that an expression made, with the values it saw (operands as `path -> value`, cut when large). */
export const decisionSchema = z.strictObject({
  expression: z.string(),
  result: jsonValueSchema,
  operands: z.record(z.string(), jsonValueSchema),
  caseId: z.string().optional(),
})
export type Decision = z.infer<typeof decisionSchema>

/** Why an edge is dead: what its source did instead of emitting the port. */
export const deadEdgeSchema = z.strictObject({
  edgeId: z.string(),
  sourceNodeId: z.string(),
  sourcePort: z.string(),
  reason: z.enum(['portNotEmitted', 'sourceSkipped', 'sourceFailed', 'triggerNotUsed']),
  decisions: z.array(decisionSchema).optional(),
})
export type DeadEdge = z.infer<typeof deadEdgeSchema>

const node = { nodeId: z.uuid(), key: z.string(), nodeType: z.string() }
const attempt = z.int().min(1)
/** The predecessors whose taken edges make the node's input, in the order of its in-edges. */
const inputFrom = z.array(z.uuid())

/** What a waiting node waits for. A child run's id is derived from the run, the node, the wait's number and the iteration. */
export const waitSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('timer'), dueAt: z.string() }),
  z.strictObject({ kind: z.literal('signal'), name: z.string() }),
  z.strictObject({
    kind: z.literal('subworkflow'),
    workflowId: z.uuid(),
    version: z.int().min(1).optional(),
    input: jsonValueSchema,
  }),
  z.strictObject({
    kind: z.literal('map'),
    workflowId: z.uuid(),
    version: z.int().min(1).optional(),
    inputs: z.array(jsonValueSchema),
    maxConcurrency: z.int().min(1),
    toleratedFailures: z.int().min(0),
  }),
])

export const timerKinds = ['retry', 'delay', 'nodeTimeout', 'runTimeout', 'signalTimeout'] as const

/** Stream `execution-<uuid>`. What was computed is recorded here; a replay never computes it again. */
export const executionEvents = {
  /** The trigger node is thereby completed, its output is `input`. `queued`: it waits for a place (concurrency limit). */
  ExecutionStarted: first(
    z.strictObject({
      executionId: z.uuid(),
      workflowId: z.uuid(),
      version: z.int().min(1),
      versionId: z.uuid(),
      contentHash: z.string(),
      trigger: z.strictObject({ nodeId: z.uuid(), key: z.string(), type: z.string() }),
      input: jsonValueSchema,
      queued: z.boolean(),
      /** `depth`: how many runs are above it; absent in what was written before it was counted. */
      parent: z
        .strictObject({
          executionId: z.uuid(),
          nodeId: z.uuid(),
          iteration: z.int(),
          depth: z.int().min(1).optional(),
        })
        .optional(),
      origin: z.strictObject({ executionId: z.uuid() }).optional(),
      /** Versions of child workflows, pinned when this version was published. */
      subworkflows: z.array(pinnedSubworkflowSchema).optional(),
    }),
  ),
  /**
   * A node may be attempted now, or a waiting one begins to wait: `wait` says for what, `attempt` is the number of the wait, which is that of
   * the attempt that found out where one was needed.
   */
  NodeScheduled: first(
    z.strictObject({ ...node, inputFrom, attempt: attempt.optional(), wait: waitSchema.optional() }),
  ),
  /** The claim: of two executors one loses at the exact revision. It implies NodeScheduled where that did not come before. */
  NodeAttemptStarted: first(
    z.strictObject({
      ...node,
      inputFrom,
      attempt,
      executor: z.string(),
      leaseUntil: z.string(),
      idempotencyKey: z.string(),
    }),
  ),
  /** `retryAt`: when the next attempt is due (a timer says so durably), null when there is none. */
  NodeAttemptFailed: first(
    z.strictObject({ ...node, attempt, error: nodeErrorSchema, retryAt: z.string().nullable() }),
  ),
  /**
   * `output` is absent when the node passes its input through (condition, switch, merge, noop): then it is the input that
   * `inputFrom` names, so a large input is written once. `ports` are those it emitted.
   */
  NodeCompleted: first(
    z.strictObject({
      ...node,
      inputFrom,
      attempt: attempt.optional(),
      output: jsonValueSchema.optional(),
      ports: z.array(z.string()),
      decisions: z.array(decisionSchema).optional(),
    }),
  ),
  NodeSkipped: first(z.strictObject({ ...node, deadEdges: z.array(deadEdgeSchema) })),
  /** Retries are over. `handling` says what followed: its error port, `out` with null, the run's failure, or an operator. */
  NodeFailed: first(
    z.strictObject({
      ...node,
      inputFrom,
      attempt: attempt.optional(),
      error: nodeErrorSchema,
      handling: z.enum(['errorPort', 'continue', 'failRun', 'hold']),
    }),
  ),
  /** An attempt without an outcome: nobody knows whether its side effect happened. */
  NodeInDoubt: first(z.strictObject({ ...node, attempt, handling: z.enum(['retry', 'hold']), reason: z.string() })),
  NodeResolved: first(
    z.strictObject({
      ...node,
      action: z.enum(['retry', 'complete', 'skip', 'fail']),
      output: jsonValueSchema.optional(),
      reason: z.string(),
    }),
  ),
  /** A result that came after it no longer counted. `outcome`: what it would have been. */
  NodeResultDiscarded: first(
    z.strictObject({ ...node, attempt, outcome: z.enum(['completed', 'failed']), error: nodeErrorSchema.optional() }),
  ),
  TimerScheduled: first(
    z.strictObject({ timerId: z.string(), kind: z.enum(timerKinds), nodeId: z.uuid().optional(), dueAt: z.string() }),
  ),
  TimerFired: first(z.strictObject({ timerId: z.string(), kind: z.enum(timerKinds), nodeId: z.uuid().optional() })),
  SignalReceived: first(
    z.strictObject({
      signalId: z.string(),
      name: z.string(),
      payload: jsonValueSchema,
      dedupeId: z.string().nullable(),
    }),
  ),
  SignalConsumed: first(z.strictObject({ signalId: z.string(), name: z.string(), nodeId: z.uuid() })),
  ExecutionPaused: first(z.strictObject({ reason: z.string().optional() })),
  /** After a pause, from the queue (a place became free), or for another try of failed nodes (`retriedNodeIds`). */
  ExecutionResumed: first(
    z.strictObject({
      from: z.enum(['paused', 'queued', 'failed']),
      reason: z.string().optional(),
      retriedNodeIds: z.array(z.uuid()).optional(),
    }),
  ),
  ExecutionCancelRequested: first(z.strictObject({ reason: z.string().optional() })),
  ExecutionCancelled: first(z.strictObject({ reason: z.string().optional() })),
  /** Its output is that of the terminal nodes that ran, which `outputFrom` names; it is not copied. */
  ExecutionCompleted: first(z.strictObject({ outputFrom: z.array(z.uuid()) })),
  ExecutionFailed: first(z.strictObject({ nodeId: z.uuid().optional(), error: nodeErrorSchema })),
  ExecutionTimedOut: first(z.strictObject({ error: nodeErrorSchema })),
} as const

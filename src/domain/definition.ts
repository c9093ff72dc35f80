import { z } from 'zod'
import { jsonObjectSchema } from './jsonSchema.js'

/** Limits of a definition (events.md). Sizes in bytes of its canonical JSON. */
export const definitionLimits = { bytes: 512 * 1024, nodes: 2_000, edges: 10_000 } as const

/** A slug, unique in its workflow: what expressions call the node, `nodes.<key>.output` or `nodes["<key>"].output`. */
export const nodeKeySchema = z
  .string()
  .regex(/^[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$/, 'It must be a slug: letters, digits, _ and -, at most 64.')

/** Where the node is drawn. It has no meaning; 32 bits, so that every store can hold it. */
export const positionSchema = z.strictObject({ x: z.int32(), y: z.int32() })

/** When a node with several in-edges runs (dead-path elimination, execution.md). */
export const joinSchema = z.union([
  z.enum(['all', 'allTaken', 'any']),
  z.strictObject({ quorum: z.int().min(1).max(10_000) }),
])

/** Waits grow by `factor` from `initialMs` to `maxMs`; `jitter` is the part (0..1) that is random. Codes are error codes. */
export const retrySchema = z.strictObject({
  maxAttempts: z.int().min(1).max(100),
  initialMs: z.int().min(0).max(86_400_000).default(1_000),
  factor: z.number().min(1).max(10).default(2),
  maxMs: z.int().min(0).max(86_400_000).default(60_000),
  jitter: z.number().min(0).max(1).default(0.2),
  retryOn: z.array(z.string()).optional(),
  doNotRetryOn: z.array(z.string()).optional(),
})

export const policySchema = z.strictObject({
  join: joinSchema.optional(),
  retry: retrySchema.optional(),
  timeoutMs: z.int().min(1).max(86_400_000).optional(),
  onError: z.enum(['failRun', 'continue', 'hold']).optional(),
  inDoubt: z.enum(['retry', 'hold']).optional(),
})

export const nodeSchema = z.strictObject({
  id: z.uuid(),
  key: nodeKeySchema,
  type: z.string().min(1).max(64),
  config: jsonObjectSchema,
  position: positionSchema,
  policy: policySchema,
})

export const edgeSchema = z.strictObject({
  id: z.uuid(),
  sourceNodeId: z.uuid(),
  sourcePort: z.string().min(1).max(64),
  targetNodeId: z.uuid(),
})

export const settingsSchema = z.strictObject({
  timeoutMs: z.int().min(1).max(31_536_000_000).optional(),
  concurrency: z
    .strictObject({ limit: z.int().min(1).max(100_000), whenFull: z.enum(['queue', 'reject']).default('queue') })
    .optional(),
})

export const definitionSchema = z.strictObject({
  nodes: z.array(nodeSchema),
  edges: z.array(edgeSchema),
  settings: settingsSchema,
})

/** The version of another workflow that nodes start which name none: the one that was published when theirs was. */
export const pinnedSubworkflowSchema = z.strictObject({ workflowId: z.uuid(), version: z.int().min(1) })

export type PinnedSubworkflow = z.infer<typeof pinnedSubworkflowSchema>
export type Position = z.infer<typeof positionSchema>
export type Join = z.infer<typeof joinSchema>
export type Retry = z.infer<typeof retrySchema>
export type Policy = z.infer<typeof policySchema>
export type WorkflowNode = z.infer<typeof nodeSchema>
export type Edge = z.infer<typeof edgeSchema>
export type Settings = z.infer<typeof settingsSchema>
/** What a version holds: the whole graph. */
export type Definition = z.infer<typeof definitionSchema>

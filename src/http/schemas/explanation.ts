import { z } from 'zod'
import { joinSchema } from '../../domain/definition.js'
import { decisionSchema, type waitSchema } from '../../domain/events/catalogue/execution.js'
import { idSchema, jsonSchema, timeSchema } from './common.js'
import { actor } from './event.js'
import { nodeError } from './execution.js'

const decision = decisionSchema
  .extend({ result: jsonSchema, operands: z.record(z.string(), jsonSchema) })
  .meta({ id: 'Decision', description: 'A choice that an expression made, with the values it saw' })

const edge = z.object({
  edgeId: idSchema,
  fromNodeId: idSchema,
  fromKey: z.string(),
  port: z.string(),
  status: z.enum(['taken', 'dead', 'unresolved']),
  reason: z.enum(['portNotEmitted', 'sourceSkipped', 'sourceFailed', 'triggerNotUsed']).optional(),
  decisions: z.array(decision).readonly().optional(),
})

const attempt = z.object({
  attempt: z.int().min(1),
  executor: z.string(),
  startedAt: timeSchema,
  finishedAt: timeSchema.optional(),
  outcome: z.enum(['completed', 'failed', 'inDoubt', 'discarded']).optional(),
  error: nodeError.optional(),
  retryAt: timeSchema.optional(),
  inDoubtAs: z.string().optional().meta({ description: 'Why nobody knows what it did, where it was in doubt' }),
})

const resolution = z.object({
  action: z.enum(['retry', 'complete', 'skip', 'fail']),
  reason: z.string(),
  actor,
  at: timeSchema,
})

const waitsFor = z.object({
  wait: z
    .custom<z.infer<typeof waitSchema>>()
    .meta({ override: { type: 'object', description: 'A timer, a signal or child runs' } })
    .nullable(),
  childRuns: z.array(idSchema).readonly().meta({
    description: 'Ids of the child runs, in the order of the items. One that has not begun is not there yet.',
  }),
  timers: z.array(z.object({ kind: z.string(), dueAt: timeSchema })).readonly(),
})

export const explanationView = z
  .object({
    nodeId: idSchema,
    key: z.string(),
    type: z.string(),
    status: z.enum([
      'pending',
      'scheduled',
      'running',
      'retrying',
      'waiting',
      'held',
      'inDoubt',
      'completed',
      'skipped',
      'failed',
      'cancelled',
    ]),
    summary: z.string().meta({ description: 'One sentence for people' }),
    join: joinSchema,
    edges: z.array(edge).readonly().meta({ description: 'Its in-edges, as the run has resolved them' }),
    inputFrom: z.array(idSchema).readonly().meta({ description: 'Nodes whose outputs made its input' }),
    ports: z.array(z.string()).readonly(),
    decisions: z.array(decision).readonly(),
    attempts: z.array(attempt).readonly(),
    error: nodeError.nullable(),
    handling: z.enum(['errorPort', 'continue', 'failRun', 'hold']).nullable(),
    waitsFor: waitsFor.nullable(),
    resolutions: z.array(resolution).readonly(),
  })
  .meta({ id: 'StepExplanation' })

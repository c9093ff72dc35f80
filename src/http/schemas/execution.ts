import { z } from 'zod'
import { nodeErrorSchema } from '../../domain/events/catalogue/execution.js'
import { idSchema, jsonSchema, revisionSchema, timeSchema } from './common.js'

export const executionStatus = z.enum([
  'queued',
  'running',
  'waiting',
  'paused',
  'held',
  'completed',
  'failed',
  'cancelled',
  'timedOut',
])
export const stepStatus = z.enum([
  'pending',
  'scheduled',
  'running',
  'waiting',
  'held',
  'inDoubt',
  'completed',
  'skipped',
  'failed',
  'cancelled',
])
export const nodeError = nodeErrorSchema
  .extend({ details: jsonSchema.optional() })
  .meta({ id: 'NodeError', description: 'What went wrong in a node' })

export const stepView = z
  .object({
    nodeId: idSchema,
    key: z.string(),
    type: z.string(),
    status: stepStatus,
    attempts: z.int().min(0),
    output: jsonSchema.nullable(),
    error: nodeError.nullable(),
    startedAt: timeSchema.nullable(),
    finishedAt: timeSchema.nullable(),
  })
  .meta({ id: 'Step' })

const originView = z
  .object({ executionId: idSchema })
  .meta({ description: 'The execution in whose place this one was started' })

const executionFields = {
  id: idSchema,
  workflowId: idSchema,
  version: z.int().min(1),
  status: executionStatus,
  trigger: z.object({ nodeId: idSchema, key: z.string(), type: z.string() }),
  revision: revisionSchema,
  startedAt: timeSchema,
  finishedAt: timeSchema.nullable(),
}

export const executionView = z
  .object({
    ...executionFields,
    input: jsonSchema.nullable(),
    output: jsonSchema.nullable(),
    error: nodeError.nullable(),
    origin: originView.nullable(),
    steps: z.array(stepView),
  })
  .meta({ id: 'Execution' })

/** Lists carry no payloads and no steps. */
export const executionSummary = z
  .object({ ...executionFields, error: nodeError.nullable() })
  .meta({ id: 'ExecutionSummary' })

export const startExecutionBody = z
  .strictObject({
    input: jsonSchema.optional(),
    version: z.int().min(1).optional().meta({ description: 'Default: the published version' }),
    trigger: z
      .string()
      .min(1)
      .max(64)
      .optional()
      .meta({ description: 'Id or key of the trigger, where there are several' }),
    origin: idSchema.optional().meta({
      description:
        'Execution of the same workflow in whose place this one is started, as with another version after a failure',
    }),
  })
  .meta({ id: 'StartExecution' })

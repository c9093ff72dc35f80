import { z } from 'zod'
import { resolveTemplates } from '../../domain/expressions/templates.js'
import type { JsonObject } from '../../domain/json.js'
import { jsonValueSchema } from '../../domain/jsonSchema.js'
import type { WaitNodeType } from '../../domain/nodes/behaviour.js'
import { evaluating } from './configs.js'

/** The workflow that a config names. Without a version the one that is published when the parent is. */
export const childWorkflow = (config: JsonObject): { workflowId: string; version?: number } => ({
  workflowId: String(config.workflowId),
  ...(typeof config.version === 'number' ? { version: config.version } : {}),
})

/** Starts a run of another workflow and waits for it; its output is that run's. */
export const subworkflow: WaitNodeType = {
  type: 'subworkflow',
  kind: 'wait',
  description: 'Runs another workflow and waits for its result.',
  configSchema: z.strictObject({
    workflowId: z.uuid(),
    version: z.int().min(1).optional(),
    input: jsonValueSchema.optional(),
  }),
  ports: () => ['out'],
  subworkflow: childWorkflow,
  plan: (config, scope, engine) => ({
    kind: 'subworkflow',
    ...childWorkflow(config),
    input: evaluating(() => resolveTemplates(config.input ?? '{{ input }}', scope, engine)),
  }),
}

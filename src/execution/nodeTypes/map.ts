import { z } from 'zod'
import { resolveTemplates } from '../../domain/expressions/templates.js'
import type { JsonValue } from '../../domain/json.js'
import { jsonValueSchema } from '../../domain/jsonSchema.js'
import { NodeFailure, type WaitNodeType } from '../../domain/nodes/behaviour.js'
import { evaluating, orTemplate, parseResolved } from './configs.js'
import { childWorkflow } from './subworkflow.js'

/** Items of one map: each is a run of its own. */
export const maxMapItems = 10_000

const maxConcurrency = z.int().min(1).max(1_000)
const toleratedFailures = z.int().min(0).max(maxMapItems)

const numbersSchema = z.strictObject({
  maxConcurrency: maxConcurrency.default(10),
  toleratedFailures: toleratedFailures.default(0),
})

const itemsOf = (items: JsonValue): readonly JsonValue[] => {
  if (Array.isArray(items) && items.length <= maxMapItems) return items
  const problem = Array.isArray(items) ? `more than ${maxMapItems} items` : 'must give a list'
  throw new NodeFailure({ class: 'config', code: 'invalid_config', message: `/items: ${problem}` })
}

/** Runs a workflow once per item and waits for all; its output is the list of their outputs, in the items' order. */
export const map: WaitNodeType = {
  type: 'map',
  kind: 'wait',
  description: 'Runs another workflow for each item of a list.',
  configSchema: z.strictObject({
    items: z.union([z.string().min(1), z.array(jsonValueSchema).max(maxMapItems)]),
    workflowId: z.uuid(),
    version: z.int().min(1).optional(),
    input: jsonValueSchema.optional(),
    maxConcurrency: orTemplate(maxConcurrency).optional(),
    toleratedFailures: orTemplate(toleratedFailures).optional(),
  }),
  ports: () => ['out'],
  subworkflow: childWorkflow,
  plan: (config, scope, engine) =>
    evaluating(() => {
      const read = (value: JsonValue) => resolveTemplates(value, scope, engine)
      const items = itemsOf(read(config.items ?? []))
      const input = config.input ?? '{{ item }}'
      return {
        kind: 'map' as const,
        ...childWorkflow(config),
        inputs: items.map((item, index) => resolveTemplates(input, { ...scope, item, index }, engine)),
        ...parseResolved(numbersSchema, {
          ...(config.maxConcurrency === undefined ? {} : { maxConcurrency: read(config.maxConcurrency) }),
          ...(config.toleratedFailures === undefined ? {} : { toleratedFailures: read(config.toleratedFailures) }),
        }),
      }
    }),
}

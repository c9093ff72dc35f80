import { z } from 'zod'
import { resolveTemplates } from '../../domain/expressions/templates.js'
import { jsonValueSchema } from '../../domain/jsonSchema.js'
import type { PureNodeType } from '../../domain/nodes/behaviour.js'
import { evaluating } from './configs.js'

/** Makes its output of a JSON value with expressions in it. */
export const transform: PureNodeType = {
  type: 'transform',
  kind: 'pure',
  description: 'Builds a new value with expressions.',
  configSchema: z.strictObject({ output: jsonValueSchema }),
  ports: () => ['out'],
  evaluate: (config, scope, engine) =>
    evaluating(() => ({ output: resolveTemplates(config.output ?? null, scope, engine), ports: ['out'] })),
}

import { z } from 'zod'
import type { PureNodeType } from '../../domain/nodes/behaviour.js'
import { evaluating } from './configs.js'
import { decide } from './decide.js'

/** Passes its input on at `true` or `false`. */
export const condition: PureNodeType = {
  type: 'condition',
  kind: 'pure',
  description: 'Goes one of two ways, as an expression says.',
  configSchema: z.strictObject({ expression: z.string().min(1) }),
  ports: () => ['true', 'false'],
  expressions: (config) => [{ pointer: '/expression', source: String(config.expression) }],
  evaluate: (config, scope, engine) =>
    evaluating(() => {
      const decision = decide(String(config.expression), scope, engine, '/expression')
      return { ports: [String(decision.result)], decisions: [decision] }
    }),
}

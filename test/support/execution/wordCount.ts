import { z } from 'zod'
import { resolveConfig } from '../../../src/domain/expressions/templates.js'
import type { PureNodeType } from '../../../src/domain/nodes/behaviour.js'
import { evaluating, parseResolved } from '../../../src/execution/nodeTypes/configs.js'

const configSchema = z.strictObject({ text: z.string() })

/** Counts the words of a text. */
export const wordCount: PureNodeType = {
  type: 'word.count',
  kind: 'pure',
  description: 'Counts the words of a text.',
  configSchema,
  ports: () => ['out'],
  evaluate: (config, scope, engine) => {
    const { text } = parseResolved(
      configSchema,
      evaluating(() => resolveConfig(wordCount, config, scope, engine)),
    )
    return { output: text.split(/\s+/).filter(Boolean).length, ports: ['out'] }
  },
}

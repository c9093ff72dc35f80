import { z } from 'zod'
import type { Decision } from '../../domain/events/catalogue/execution.js'
import type { JsonObject } from '../../domain/json.js'
import type { PureNodeType } from '../../domain/nodes/behaviour.js'
import { evaluating } from './configs.js'
import { decide } from './decide.js'

const caseSchema = z.strictObject({
  id: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, 'It must be 1 to 64 letters, digits, _ or -.')
    .refine((id) => id !== 'default', 'The port default is for when no case matches.'),
  when: z.string().min(1),
})

const configSchema = z.strictObject({
  cases: z
    .array(caseSchema)
    .min(1)
    .max(100)
    .refine((cases) => new Set(cases.map(({ id }) => id)).size === cases.length, 'Each case needs its own id.'),
  mode: z.enum(['first', 'all']).default('first'),
})

type Cases = readonly { readonly id: string; readonly when: string }[]

const casesOf = (config: JsonObject): Cases => config.cases as unknown as Cases

/** Passes its input on at the first case that is true, or at all of them; at `default` when none is. */
export const switchNode: PureNodeType = {
  type: 'switch',
  kind: 'pure',
  description: 'Goes the way of the first case that is true, or of every such case.',
  configSchema,
  ports: (config) => [...casesOf(config).map(({ id }) => id), 'default'],
  expressions: (config) =>
    casesOf(config).map(({ when }, index) => ({ pointer: `/cases/${index}/when`, source: when })),
  evaluate: (config, scope, engine) =>
    evaluating(() => {
      const decisions: Decision[] = []
      const ports: string[] = []
      for (const [index, { id, when }] of casesOf(config).entries()) {
        const decision = decide(when, scope, engine, `/cases/${index}/when`)
        decisions.push({ ...decision, caseId: id })
        if (decision.result) ports.push(id)
        if (decision.result && config.mode !== 'all') break
      }
      return { ports: ports.length > 0 ? ports : ['default'], decisions }
    }),
}

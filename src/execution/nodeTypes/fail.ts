import { z } from 'zod'
import { resolveTemplates } from '../../domain/expressions/templates.js'
import type { JsonValue } from '../../domain/json.js'
import { NodeFailure, type PureNodeType } from '../../domain/nodes/behaviour.js'
import { evaluating, orTemplate } from './configs.js'

const codeSchema = z.string().regex(/^[a-z][a-z0-9_]{0,63}$/, 'It must be a code: small letters, digits, _.')

const asText = (value: JsonValue): string => (typeof value === 'string' ? value : JSON.stringify(value))

/** Fails with a code and a message of the user's. */
export const fail: PureNodeType = {
  type: 'fail',
  kind: 'pure',
  description: 'Fails with an error of your own.',
  configSchema: z.strictObject({ code: orTemplate(codeSchema), message: z.string().max(10_000) }),
  ports: () => [],
  evaluate: (config, scope, engine) => {
    const read = (value: JsonValue | undefined) =>
      asText(evaluating(() => resolveTemplates(value ?? '', scope, engine)))
    const code = codeSchema.safeParse(read(config.code))
    const message = read(config.message)
    throw new NodeFailure({ class: 'user', code: code.success ? code.data : 'invalid_code', message })
  },
}

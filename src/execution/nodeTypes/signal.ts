import { z } from 'zod'
import { signalNamePattern } from '../../domain/execution/signalName.js'
import { resolveConfig } from '../../domain/expressions/templates.js'
import type { WaitNodeType } from '../../domain/nodes/behaviour.js'
import { evaluating, orTemplate, parseResolved } from './configs.js'

const name = z.string().regex(signalNamePattern, 'It must be 1 to 128 letters, digits, _ . : or -.')
const timeoutSeconds = z
  .number()
  .positive()
  .max(366 * 86_400)

const resolvedSchema = z.strictObject({ name, timeoutSeconds: timeoutSeconds.optional() })

/** Waits until someone sends the signal to the run; its output is what came with it. An approval is a signal. */
export const signal: WaitNodeType = {
  type: 'signal',
  kind: 'wait',
  description: 'Waits for a signal from outside, such as an approval.',
  configSchema: z.strictObject({ name: orTemplate(name), timeoutSeconds: orTemplate(timeoutSeconds).optional() }),
  ports: () => ['out'],
  plan: (config, scope, engine, now) => {
    const resolved = parseResolved(
      resolvedSchema,
      evaluating(() => resolveConfig(signal, config, scope, engine)),
    )
    if (resolved.timeoutSeconds === undefined) return { kind: 'signal', name: resolved.name }
    const timeoutAt = new Date(Date.parse(now) + resolved.timeoutSeconds * 1000).toISOString()
    return { kind: 'signal', name: resolved.name, timeoutAt }
  },
}

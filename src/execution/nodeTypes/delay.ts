import { z } from 'zod'
import { resolveConfig } from '../../domain/expressions/templates.js'
import { NodeFailure, type WaitNodeType } from '../../domain/nodes/behaviour.js'
import { evaluating, orTemplate, parseResolved } from './configs.js'

const maxSeconds = 366 * 86_400
const seconds = z.number().min(0).max(maxSeconds)
const until = z.iso.datetime({ offset: true })

const exactlyOne = (config: { seconds?: unknown; until?: unknown }): boolean =>
  (config.seconds === undefined) !== (config.until === undefined)
const either = 'It needs either seconds or until.'

const resolvedSchema = z
  .strictObject({ seconds: seconds.optional(), until: until.optional() })
  .refine(exactlyOne, either)

/** Waits for some seconds, or until a time. A time that has passed is due at once. */
export const delay: WaitNodeType = {
  type: 'delay',
  kind: 'wait',
  description: 'Waits for a time.',
  configSchema: z
    .strictObject({ seconds: orTemplate(seconds).optional(), until: orTemplate(until).optional() })
    .refine(exactlyOne, either),
  ports: () => ['out'],
  plan: (config, scope, engine, now) => {
    const resolved = parseResolved(
      resolvedSchema,
      evaluating(() => resolveConfig(delay, config, scope, engine)),
    )
    const dueAt = resolved.until ?? Date.parse(now) + (resolved.seconds ?? 0) * 1000
    const due = new Date(dueAt)
    if (due.getTime() - Date.parse(now) > maxSeconds * 1000) {
      throw new NodeFailure({ class: 'config', code: 'invalid_config', message: '/until: more than 366 days ahead' })
    }
    return { kind: 'timer', dueAt: due.toISOString() }
  },
}

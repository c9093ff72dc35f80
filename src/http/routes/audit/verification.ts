import { z } from 'zod'
import { defineRoute } from '../../routing/route.js'

const verification = z
  .object({
    valid: z.boolean(),
    events: z.int().meta({ description: 'How many were looked at' }),
    streams: z.int(),
    firstInvalid: z.object({ stream: z.string(), revision: z.int(), reason: z.string() }).nullable(),
  })
  .meta({ id: 'Verification' })

/** An hour: the whole log may be long. */
const longMs = 3_600_000

export const verifyAudit = defineRoute({
  method: 'get',
  path: '/v1/audit/verification',
  operationId: 'verifyHashChain',
  summary: 'Recompute the hash chain',
  description: 'Of one stream, or of every stream of the log. Reads every event; memory does not grow with the log.',
  tag: 'Audit',
  scope: 'audit:read',
  query: z.strictObject({ stream: z.string().min(1).max(200).optional() }),
  timeoutMs: longMs,
  responses: { 200: { description: 'Whether it holds, and where it does not', body: verification } },
  problems: { 404: ['stream_not_found'] },
  handle: async ({ audit }, { query, context }) => ({
    status: 200,
    body: await (query.stream === undefined
      ? audit.verifyAll({ signal: context.signal })
      : audit.verifyStream(query.stream)),
  }),
})

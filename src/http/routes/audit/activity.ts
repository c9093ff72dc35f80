import { z } from 'zod'
import { accepts } from '../../headers/accepts.js'
import { pageAnswer } from '../../routing/pageAnswer.js'
import { present } from '../../routing/present.js'
import { defineRoute } from '../../routing/route.js'
import { pageOf, pageQuery, queryTime } from '../../schemas/common.js'
import { activityItem } from '../../schemas/event.js'
import { exportLines } from '../../streams/exportLines.js'
import { activityView } from '../../views/eventView.js'

const ndjson = 'application/x-ndjson'
const text = z.string().min(1).max(200)

export const listAuditEvents = defineRoute({
  method: 'get',
  path: '/v1/audit/events',
  operationId: 'listAuditEvents',
  summary: 'Who did what, when',
  description:
    'Newest first, without payloads. With `Accept: application/x-ndjson` an export straight from the log: every event that matches, oldest first, with payload and all metadata (so that the hash chain of whole streams can be checked elsewhere); `limit` and `cursor` do not count then.',
  tag: 'Audit',
  scope: 'audit:read',
  query: z.strictObject({
    stream: text.optional(),
    type: text.optional(),
    actor: text.optional().meta({ description: "The actor's id" }),
    correlationId: text.optional(),
    from: queryTime.optional().meta({ description: '`occurredAt`, inclusive' }),
    to: queryTime.optional().meta({ description: '`occurredAt`, exclusive' }),
    ...pageQuery,
  }),
  reads: 'activity',
  responses: {
    200: {
      description: 'A page, or the export',
      body: pageOf(activityItem),
      headers: ['Link'],
      media: { [ndjson]: { description: 'One event with all its metadata per line' } },
    },
  },
  problems: { 422: ['invalid_cursor'] },
  handle: async ({ reads, audit }, { query, context }) => {
    if (accepts(context.header('accept'), ndjson)) {
      const { limit: _limit, cursor: _cursor, ...filter } = present(query)
      return { status: 200, contentType: ndjson, stream: exportLines(audit.export(filter), context.signal) }
    }
    return pageAnswer(context, await reads.activity.list(present(query)), activityView)
  },
})

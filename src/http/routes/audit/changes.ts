import { z } from 'zod'
import { defineRoute } from '../../routing/route.js'
import { idParams } from '../../schemas/common.js'
import { diffView } from '../../schemas/diff.js'
import { historyEvent } from '../../schemas/event.js'
import { pointQuery } from '../../schemas/point.js'
import { historyEventView } from '../../views/eventView.js'

const textChange = z
  .object({ before: z.string().nullable(), after: z.string() })
  .nullable()
  .meta({ description: 'Null where it is the same at both moments' })

export const workflowChanges = defineRoute({
  method: 'get',
  path: '/v1/workflows/{id}/changes',
  operationId: 'listWorkflowChanges',
  summary: 'What changed between two moments, and by which events',
  description:
    'Without `from` since the beginning, without `to` until now. At most 1,000 events are listed; the difference is of all.',
  tag: 'Audit',
  scope: 'audit:read',
  params: idParams,
  query: z.strictObject({ from: pointQuery.optional(), to: pointQuery.optional() }),
  responses: {
    200: {
      description: 'The difference',
      body: z
        .object({
          from: z.int().meta({ description: 'Revision at the first moment; -1 before the first event' }),
          to: z.int(),
          name: textChange,
          description: textChange,
          diff: diffView,
          events: z.array(historyEvent),
        })
        .meta({ id: 'WorkflowChanges' }),
    },
  },
  problems: { 404: ['workflow_not_found', 'revision_not_found'], 422: ['invalid_range'] },
  handle: async ({ audit }, { params, query }) => {
    const changes = await audit.changes(params.id, query.from, query.to)
    return { status: 200, body: { ...changes, events: changes.events.map(historyEventView) } }
  },
})

import { z } from 'zod'
import { entityTag } from '../../headers/entityTag.js'
import { defineRoute } from '../../routing/route.js'
import { idParams, idSchema, jsonSchema, revisionSchema, timeSchema } from '../../schemas/common.js'
import { actor } from '../../schemas/event.js'
import { pointQuery } from '../../schemas/point.js'

const blameEntry = z
  .object({
    pointer: z.string().meta({ description: 'Into the definition, nodes and edges by id: `/nodes/<id>/config/url`' }),
    value: jsonSchema,
    before: jsonSchema.optional().meta({ description: 'What that event replaced; absent where nothing was there' }),
    eventId: idSchema,
    eventType: z.string(),
    revision: revisionSchema,
    at: timeSchema,
    actor,
  })
  .meta({ id: 'Blame' })

export const blameWorkflow = defineRoute({
  method: 'get',
  path: '/v1/workflows/{id}/blame',
  operationId: 'blameWorkflow',
  summary: 'Who set what, when, by which event',
  description:
    'For each leaf of the draft the event that made it what it is, and what it was before. What is gone is in `…/changes`.',
  tag: 'Audit',
  scope: 'audit:read',
  params: idParams,
  query: z.strictObject({ asOf: pointQuery.optional() }),
  responses: {
    200: {
      description: 'Every leaf',
      body: z.object({ revision: revisionSchema, items: z.array(blameEntry) }),
      headers: ['ETag'],
    },
  },
  problems: { 404: ['workflow_not_found'] },
  handle: async ({ audit }, { params, query }) => {
    const { revision, entries } = await audit.blame(params.id, query.asOf)
    return { status: 200, headers: { ETag: entityTag(revision) }, body: { revision, items: [...entries] } }
  },
})

import { z } from 'zod'
import type { ProjectionStatus } from '../../../projections/operations/projectionOperations.js'
import { defineRoute } from '../../routing/route.js'
import { projectionView, verificationView } from '../../schemas/projection.js'

export const projectionName = z.string().min(1).max(64)
export const projectionParams = z.object({ name: projectionName })

export const viewOf = (status: ProjectionStatus): z.input<typeof projectionView> => ({
  ...status,
  position: status.position?.toString() ?? null,
  head: status.head?.toString() ?? null,
})

const listProjections = defineRoute({
  method: 'get',
  path: '/v1/projections',
  operationId: 'listProjections',
  summary: 'The read models, and how far they are',
  tag: 'Projections',
  scope: 'projections:operate',
  responses: {
    200: { description: 'All of them', body: z.object({ items: z.array(projectionView), nextCursor: z.null() }) },
  },
  handle: async ({ projections }) => {
    const items = (await projections.list()).map(viewOf)
    return { status: 200, body: { items, nextCursor: null } }
  },
})

const getProjection = defineRoute({
  method: 'get',
  path: '/v1/projections/{name}',
  operationId: 'getProjection',
  summary: 'A read model, and how far it is',
  tag: 'Projections',
  scope: 'projections:operate',
  params: projectionParams,
  responses: { 200: { description: 'The projection', body: projectionView } },
  problems: { 404: ['projection_not_found'] },
  handle: async ({ projections }, { params }) => ({
    status: 200,
    body: viewOf(await projections.status(params.name)),
  }),
})

const verifyProjection = defineRoute({
  method: 'get',
  path: '/v1/projections/{name}/verification',
  operationId: 'verifyProjection',
  summary: 'Compare a read model with the log',
  description:
    'Folds sampled streams, of those that have rows, from the log once more and compares them with the live rows. Changes nothing. What has no row at all is found by a rebuild, which compares everything.',
  tag: 'Projections',
  scope: 'projections:operate',
  params: projectionParams,
  query: z.strictObject({
    streams: z.coerce.number().int().min(1).max(10_000).default(50).meta({ description: 'How many are sampled' }),
  }),
  timeoutMs: 600_000,
  responses: { 200: { description: 'Whether they are equal, and where not', body: verificationView } },
  problems: { 404: ['projection_not_found'], 409: ['nothing_to_verify'] },
  handle: async ({ projections }, { params, query, context }) => ({
    status: 200,
    body: await projections.verify(params.name, { streams: query.streams, signal: context.signal }),
  }),
})

export const projectionStatusRoutes = [listProjections, getProjection, verifyProjection]

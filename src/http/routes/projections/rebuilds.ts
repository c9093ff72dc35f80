import { z } from 'zod'
import type { ProjectionOperations } from '../../../projections/operations/projectionOperations.js'
import { accepts } from '../../headers/accepts.js'
import { defineRoute, type Route } from '../../routing/route.js'
import { emptyBody, idSchema } from '../../schemas/common.js'
import { dryRunView, rebuildView } from '../../schemas/projection.js'
import { heartbeat, retryAfter, serverSentEvent } from '../../streams/serverSentEvents.js'
import { withHeartbeat } from '../../streams/withHeartbeat.js'
import { projectionName, projectionParams } from './status.js'

const eventStream = 'text/event-stream'
const heartbeatMs = 15_000
const reconnectMs = 1_000

const rebuildParams = z.object({ name: projectionName, id: idSchema })

const startRebuild = defineRoute({
  method: 'post',
  path: '/v1/projections/{name}/rebuild',
  operationId: 'startRebuild',
  summary: 'Rebuild a read model from the log',
  description:
    'Beside the live one: no read fails, no write waits. It is verified, then swapped in; the old one is kept for a rollback. `dryRun` only says how much it is.',
  tag: 'Projections',
  scope: 'projections:operate',
  params: projectionParams,
  body: z
    .strictObject({
      keepHours: z.number().min(0).max(8_760).optional().meta({ description: 'Default 24' }),
      dryRun: z.boolean().optional(),
      onDifference: z
        .enum(['fail', 'swap'])
        .optional()
        .meta({ description: '`swap` (default `fail`): replace the live rows although the new ones differ from them' }),
    })
    .meta({ id: 'StartRebuild' }),
  bodyOptional: true,
  headers: ['Idempotency-Key'],
  responses: {
    200: { description: 'What it would be (dryRun)', body: dryRunView },
    202: { description: 'It has been asked for', body: rebuildView, headers: ['Location'] },
  },
  problems: { 404: ['projection_not_found'], 409: ['rebuild_in_progress', 'concurrent_change'] },
  example: { keepHours: 24 },
  handle: async ({ projections, ...dependencies }, { params, body, context }) => {
    if (body.dryRun === true) return { status: 200, body: await projections.dryRun(params.name) }
    const { keepHours, onDifference } = body
    const options = {
      ...(keepHours !== undefined && { keepMs: keepHours * 3_600_000 }),
      ...(onDifference !== undefined && { onDifference }),
    }
    const rebuild = await projections.rebuild(context.command(dependencies, body), params.name, options)
    return {
      status: 202,
      headers: { Location: `/v1/projections/${params.name}/rebuilds/${rebuild.id}` },
      body: rebuild,
    }
  },
})

const listRebuilds = defineRoute({
  method: 'get',
  path: '/v1/projections/{name}/rebuilds',
  operationId: 'listRebuilds',
  summary: 'The rebuilds of a read model',
  description: 'Newest first.',
  tag: 'Projections',
  scope: 'projections:operate',
  params: projectionParams,
  responses: {
    200: {
      description: 'All of them',
      body: z.object({ items: z.array(rebuildView).readonly(), nextCursor: z.null() }),
    },
  },
  problems: { 404: ['projection_not_found'] },
  handle: async ({ projections }, { params }) => ({
    status: 200,
    body: { items: await projections.rebuilds(params.name), nextCursor: null },
  }),
})

/** Whoever comes back is told how it is now; ids only number what one connection was told. */
async function* asText(projections: ProjectionOperations, id: string, signal: AbortSignal): AsyncGenerator<string> {
  let told = 0
  yield retryAfter(reconnectMs)
  for await (const rebuild of projections.progress(id, signal)) {
    told += 1
    yield serverSentEvent({ id: String(told), event: rebuild.state, data: rebuild })
  }
}

const getRebuild = defineRoute({
  method: 'get',
  path: '/v1/projections/{name}/rebuilds/{id}',
  operationId: 'getRebuild',
  summary: 'How far a rebuild is',
  description:
    'With `Accept: text/event-stream` a live stream: the rebuild as it is, then whenever something changed, until it is swapped, failed or cancelled; 204 for who comes back (`Last-Event-ID`) after that.',
  tag: 'Projections',
  scope: 'projections:operate',
  params: rebuildParams,
  headers: ['Last-Event-ID'],
  responses: {
    200: {
      description: 'The rebuild, or the live stream',
      body: rebuildView,
      media: { [eventStream]: { description: 'Server-sent events; `event` is the state, `data` a Rebuild' } },
    },
    204: { description: 'The rebuild is over: an EventSource does not come back' },
  },
  problems: { 404: ['projection_not_found', 'rebuild_not_found'] },
  handle: async ({ projections }, { params, context }) => {
    const rebuild = await projections.findRebuild(params.name, params.id)
    if (!accepts(context.header('accept'), eventStream)) return { status: 200, body: rebuild }
    if (context.header('last-event-id') !== undefined && rebuild.finishedAt !== null) return { status: 204 }
    const text = asText(projections, params.id, context.signal)
    return { status: 200, contentType: eventStream, stream: withHeartbeat(text, heartbeatMs, heartbeat) }
  },
})

const steerBody = z
  .strictObject({
    reason: z.string().min(1).max(2_000).optional().meta({ description: 'Goes into the log with who asked' }),
  })
  .meta({ id: 'SteerRebuild' })

const controlRebuild = (verb: 'pause' | 'resume' | 'cancel', summary: string, conflict: string): Route =>
  defineRoute({
    method: 'post',
    path: `/v1/projections/{name}/rebuilds/{id}/${verb}`,
    operationId: `${verb}Rebuild`,
    summary,
    tag: 'Projections',
    scope: 'projections:operate',
    params: rebuildParams,
    body: steerBody,
    bodyOptional: true,
    headers: ['Idempotency-Key'],
    responses: { 200: { description: 'The rebuild', body: rebuildView } },
    problems: { 404: ['projection_not_found', 'rebuild_not_found'], 409: [conflict, 'concurrent_change'] },
    example: { reason: 'month-end closing' },
    handle: async ({ projections, ...dependencies }, { params, body, context }) => ({
      status: 200,
      body: await projections[verb](context.command(dependencies, body), params.name, params.id, body.reason),
    }),
  })

const rollback = defineRoute({
  method: 'post',
  path: '/v1/projections/{name}/rollback',
  operationId: 'rollbackProjection',
  summary: 'Go back to the generation before',
  description: 'It was kept fed, so this is a swap.',
  tag: 'Projections',
  scope: 'projections:operate',
  params: projectionParams,
  body: emptyBody,
  bodyOptional: true,
  headers: ['Idempotency-Key'],
  responses: { 200: { description: 'It is live', body: z.object({ generation: z.int() }) } },
  problems: {
    404: ['projection_not_found'],
    409: ['nothing_to_roll_back', 'rollback_other_version', 'rebuild_in_progress', 'concurrent_change'],
  },
  handle: async ({ projections, ...dependencies }, { params, body, context }) => ({
    status: 200,
    body: await projections.rollback(context.command(dependencies, body), params.name),
  }),
})

export const rebuildRoutes: readonly Route[] = [
  startRebuild,
  listRebuilds,
  getRebuild,
  controlRebuild('pause', 'Let a rebuild wait', 'rebuild_not_running'),
  controlRebuild('resume', 'Let a paused rebuild go on', 'rebuild_not_paused'),
  controlRebuild('cancel', 'Give a rebuild up', 'rebuild_not_running'),
  rollback,
]

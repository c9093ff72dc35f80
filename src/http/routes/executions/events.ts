import { z } from 'zod'
import { FlowledgerError, notFound } from '../../../domain/errors.js'
import { streamName } from '../../../domain/streams.js'
import type { HttpDependencies } from '../../dependencies.js'
import { accepts } from '../../headers/accepts.js'
import { parseRevisionCursor, revisionCursor } from '../../headers/revisionCursor.js'
import { pageAnswer } from '../../routing/pageAnswer.js'
import type { RequestContext } from '../../routing/requestContext.js'
import { defineRoute } from '../../routing/route.js'
import { idParams, pageOf, pageQuery } from '../../schemas/common.js'
import { eventView as eventSchema } from '../../schemas/event.js'
import { liveRun, readRun } from '../../streams/executionStream.js'
import { heartbeat, retryAfter, serverSentEvent } from '../../streams/serverSentEvents.js'
import { withHeartbeat } from '../../streams/withHeartbeat.js'
import { eventView } from '../../views/eventView.js'

const eventStream = 'text/event-stream'
const heartbeatMs = 15_000
const reconnectMs = 1_000

const executionNotFound = (): Error => notFound('execution_not_found', 'There is no such execution.')

const lastEventId = (context: RequestContext): bigint => {
  const id = context.header('last-event-id') ?? '0'
  if (!/^\d{1,20}$/.test(id))
    throw new FlowledgerError(
      'malformed',
      'invalid_last_event_id',
      'Last-Event-ID must be a position that this stream sent.',
    )
  return BigInt(id)
}

async function* asText(
  { feed }: HttpDependencies,
  stream: string,
  run: NonNullable<Awaited<ReturnType<typeof readRun>>>,
  signal: AbortSignal,
): AsyncGenerator<string> {
  yield retryAfter(reconnectMs)
  for await (const event of liveRun(feed, stream, run, signal)) {
    yield serverSentEvent({ id: event.position.toString(), event: event.type, data: eventView(event) })
  }
}

export const executionEvents = defineRoute({
  method: 'get',
  path: '/v1/executions/{id}/events',
  operationId: 'listExecutionEvents',
  summary: "An execution's events",
  description:
    'Oldest first, from the log. With `Accept: text/event-stream` a live stream: what was, then what comes, until the execution ends. Its ids are positions, `Last-Event-ID` resumes after one; 204 when there is nothing more to come.',
  tag: 'Executions',
  scope: 'executions:read',
  params: idParams,
  query: z.strictObject(pageQuery),
  headers: ['Last-Event-ID'],
  responses: {
    200: {
      description: 'A page of events, or the live stream',
      body: pageOf(eventSchema),
      headers: ['Link'],
      media: { [eventStream]: { description: 'Server-sent events; `data` is an Event' } },
    },
    204: { description: 'The stream has ended: an EventSource does not come back' },
  },
  problems: { 404: ['execution_not_found'], 422: ['invalid_cursor'] },
  handle: async (dependencies, { params, query, context }) => {
    const stream = streamName('execution', params.id)
    if (accepts(context.header('accept'), eventStream)) {
      const run = await readRun(dependencies.store, stream, lastEventId(context))
      if (run === undefined) throw executionNotFound()
      if (run.ended && run.past.length === 0) return { status: 204 }
      const text = asText(dependencies, stream, run, context.signal)
      return { status: 200, contentType: eventStream, stream: withHeartbeat(text, heartbeatMs, heartbeat) }
    }
    const page = await dependencies.audit.history(stream, parseRevisionCursor(query.cursor), query.limit)
    if (page === undefined) throw executionNotFound()
    const nextCursor = page.next === null ? null : revisionCursor(page.next)
    return pageAnswer(context, { items: page.events, nextCursor }, eventView)
  },
})

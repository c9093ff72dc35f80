import { z } from 'zod'
import { notFound } from '../../../domain/errors.js'
import type { Category } from '../../../domain/streams.js'
import { streamName } from '../../../domain/streams.js'
import { parseRevisionCursor, revisionCursor } from '../../headers/revisionCursor.js'
import { pageAnswer } from '../../routing/pageAnswer.js'
import { defineRoute, type Route } from '../../routing/route.js'
import { idParams, pageOf, pageQuery } from '../../schemas/common.js'
import { historyEvent } from '../../schemas/event.js'
import { historyEventView } from '../../views/eventView.js'

const historyRoute = (category: Extract<Category, 'workflow' | 'execution'>): Route =>
  defineRoute({
    method: 'get',
    path: `/v1/${category}s/{id}/history`,
    operationId: `list${category === 'workflow' ? 'Workflow' : 'Execution'}History`,
    summary: `Everything that happened to the ${category}`,
    description: 'The events with payload and metadata, oldest first, from the log.',
    tag: 'Audit',
    scope: 'audit:read',
    params: idParams,
    query: z.strictObject(pageQuery),
    responses: { 200: { description: 'A page', body: pageOf(historyEvent), headers: ['Link'] } },
    problems: { 404: [`${category}_not_found`], 422: ['invalid_cursor'] },
    handle: async ({ audit }, { params, query, context }) => {
      const stream = streamName(category, params.id)
      const page = await audit.history(stream, parseRevisionCursor(query.cursor), query.limit)
      if (page === undefined) throw notFound(`${category}_not_found`, `There is no such ${category}.`)
      const nextCursor = page.next === null ? null : revisionCursor(page.next)
      return pageAnswer(context, { items: page.events, nextCursor }, historyEventView)
    },
  })

export const historyRoutes = [historyRoute('workflow'), historyRoute('execution')]

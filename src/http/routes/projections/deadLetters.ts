import { z } from 'zod'
import { defineRoute, type Route } from '../../routing/route.js'
import { whySchema } from '../../schemas/common.js'
import { deadLetterView } from '../../schemas/projection.js'
import { projectionName, projectionParams } from './status.js'

const listDeadLetters = defineRoute({
  method: 'get',
  path: '/v1/projections/{name}/dead-letters',
  operationId: 'listDeadLetters',
  summary: 'Events that a read model could not apply',
  description: 'Later events of the same stream are held behind them.',
  tag: 'Projections',
  scope: 'projections:operate',
  params: projectionParams,
  responses: {
    200: {
      description: 'All of them',
      body: z.object({ items: z.array(deadLetterView).readonly(), nextCursor: z.null() }),
    },
  },
  problems: { 404: ['projection_not_found'] },
  handle: async ({ projections }, { params }) => ({
    status: 200,
    body: { items: await projections.deadLetters(params.name), nextCursor: null },
  }),
})

const settleBody = z.strictObject({ reason: whySchema }).meta({ id: 'SettleDeadLetter' })

const settle = (verb: 'retry' | 'discard', summary: string): Route =>
  defineRoute({
    method: 'post',
    path: `/v1/projections/{name}/dead-letters/{position}/${verb}`,
    operationId: `${verb}DeadLetter`,
    summary,
    tag: 'Projections',
    scope: 'projections:operate',
    params: z.object({ name: projectionName, position: z.string().regex(/^\d{1,20}$/) }),
    body: settleBody,
    headers: ['Idempotency-Key'],
    responses: { 200: { description: 'The dead letter, with what was asked for', body: deadLetterView } },
    problems: { 404: ['projection_not_found', 'dead_letter_not_found'], 409: ['concurrent_change'] },
    example: { reason: 'the program was fixed' },
    handle: async ({ projections, ...dependencies }, { params, body, context }) => {
      const command = context.command(dependencies, body)
      return { status: 200, body: await projections[verb](command, params.name, params.position, body.reason) }
    },
  })

export const deadLetterRoutes: readonly Route[] = [
  listDeadLetters,
  settle('retry', 'Apply it again'),
  settle('discard', 'Leave it out and go on with what is held behind it'),
]

import { z } from 'zod'
import { notFound } from '../../../domain/errors.js'
import { signalNamePattern } from '../../../domain/execution/signalName.js'
import { pageAnswer } from '../../routing/pageAnswer.js'
import { present } from '../../routing/present.js'
import { notModified, resourceAnswer } from '../../routing/resourceAnswer.js'
import { defineRoute } from '../../routing/route.js'
import { waitForProjection } from '../../routing/waitForProjection.js'
import { idParams, idSchema, pageOf, pageQuery, queryTime } from '../../schemas/common.js'
import { executionView as executionSchema, executionStatus, executionSummary } from '../../schemas/execution.js'
import { pointQuery } from '../../schemas/point.js'
import { executionView, withPendingSteps } from '../../views/executionView.js'

export const listExecutions = defineRoute({
  method: 'get',
  path: '/v1/executions',
  operationId: 'listExecutions',
  summary: 'List executions',
  description: 'Newest first, without inputs, outputs and steps.',
  tag: 'Executions',
  scope: 'executions:read',
  query: z.strictObject({
    workflowId: idSchema.optional(),
    status: executionStatus.optional(),
    startedAfter: queryTime.optional().meta({ description: 'Inclusive' }),
    startedBefore: queryTime.optional().meta({ description: 'Exclusive' }),
    waitingFor: z
      .string()
      .regex(signalNamePattern, 'It must be 1 to 128 letters, digits, _ . : or -.')
      .optional()
      .meta({ description: 'Name of a signal: executions with a step that waits for it' }),
    ...pageQuery,
  }),
  reads: 'executions',
  responses: { 200: { description: 'A page', body: pageOf(executionSummary), headers: ['Link'] } },
  problems: { 422: ['invalid_cursor'] },
  handle: async ({ reads, progress }, { query, context }) => {
    if (query.waitingFor !== undefined) await waitForProjection(progress, 'work', context)
    return pageAnswer(context, await reads.executions.list(present(query)), ({ versionId: _, ...summary }) => summary)
  },
})

export const getExecution = defineRoute({
  method: 'get',
  path: '/v1/executions/{id}',
  operationId: 'getExecution',
  summary: 'An execution with its steps',
  description: 'With `asOf`: as it was then, folded from the log.',
  tag: 'Executions',
  scope: 'executions:read',
  params: idParams,
  query: z.strictObject({ asOf: pointQuery.optional() }),
  reads: 'executions',
  headers: ['If-None-Match'],
  responses: { 200: { description: 'The execution', body: executionSchema, headers: ['ETag'] }, 304: notModified },
  problems: { 404: ['execution_not_found', 'revision_not_found'] },
  handle: async ({ reads, audit, versions }, { params, query, context }) => {
    if (query.asOf !== undefined) {
      const at = await audit.executionAt(params.id, query.asOf)
      return resourceAnswer(context, at.revision, await executionView(versions, at))
    }
    const found = await reads.executions.find(params.id)
    if (found === undefined) throw notFound('execution_not_found', 'There is no such execution.')
    return resourceAnswer(context, found.revision, await withPendingSteps(versions, found))
  },
})

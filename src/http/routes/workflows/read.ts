import { z } from 'zod'
import { pageAnswer } from '../../routing/pageAnswer.js'
import { present } from '../../routing/present.js'
import { notModified, resourceAnswer } from '../../routing/resourceAnswer.js'
import { defineRoute } from '../../routing/route.js'
import { idParams, pageOf, pageQuery } from '../../schemas/common.js'
import { findingView } from '../../schemas/graph.js'
import { pointQuery } from '../../schemas/point.js'
import { workflowView as workflowSchema, workflowStatus, workflowSummary } from '../../schemas/workflow.js'
import { workflowView } from '../../views/workflowView.js'
import { workflowNotFound } from './checkWorkflow.js'

export const listWorkflows = defineRoute({
  method: 'get',
  path: '/v1/workflows',
  operationId: 'listWorkflows',
  summary: 'List workflows',
  description: 'Newest first. Archived ones only when asked for.',
  tag: 'Workflows',
  scope: 'workflows:read',
  query: z.strictObject({
    status: workflowStatus.optional(),
    q: z.string().max(200).optional().meta({ description: 'Part of the name' }),
    ...pageQuery,
  }),
  reads: 'workflows',
  responses: { 200: { description: 'A page', body: pageOf(workflowSummary), headers: ['Link'] } },
  problems: { 422: ['invalid_cursor'] },
  handle: async ({ reads }, { query, context }) =>
    pageAnswer(context, await reads.workflows.list(present(query)), (summary) => summary),
})

export const getWorkflow = defineRoute({
  method: 'get',
  path: '/v1/workflows/{id}',
  operationId: 'getWorkflow',
  summary: 'A workflow with its draft',
  description: 'With `asOf`: as it was then, folded from the log.',
  tag: 'Workflows',
  scope: 'workflows:read',
  params: idParams,
  query: z.strictObject({ asOf: pointQuery.optional() }),
  reads: 'workflows',
  headers: ['If-None-Match'],
  responses: { 200: { description: 'The workflow', body: workflowSchema, headers: ['ETag'] }, 304: notModified },
  problems: { 404: ['workflow_not_found', 'revision_not_found'] },
  handle: async ({ reads, audit }, { params, query, context }) => {
    if (query.asOf !== undefined) {
      const { state, revision } = await audit.workflowAt(params.id, query.asOf)
      return resourceAnswer(context, revision, workflowView(state, revision))
    }
    const found = await reads.workflows.find(params.id)
    if (found === undefined) throw workflowNotFound()
    return resourceAnswer(context, found.revision, found)
  },
})

export const validateWorkflow = defineRoute({
  method: 'get',
  path: '/v1/workflows/{id}/validation',
  operationId: 'validateWorkflow',
  summary: 'What is wrong with the draft',
  description: 'Errors keep a version from being published, warnings do not. Always of the newest draft.',
  tag: 'Workflows',
  scope: 'workflows:read',
  params: idParams,
  responses: {
    200: {
      description: 'The findings',
      body: z.object({ valid: z.boolean(), findings: z.array(findingView).readonly() }).meta({ id: 'Validation' }),
    },
  },
  problems: { 404: ['workflow_not_found'] },
  handle: async ({ workflows }, { params }) => {
    const findings = await workflows.validate(params.id)
    return { status: 200, body: { valid: findings.every(({ severity }) => severity !== 'error'), findings } }
  },
})

export const workflowReadRoutes = [listWorkflows, getWorkflow, validateWorkflow]

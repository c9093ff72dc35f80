import { z } from 'zod'
import { notFound } from '../../../domain/errors.js'
import { pageAnswer } from '../../routing/pageAnswer.js'
import { present } from '../../routing/present.js'
import { defineRoute } from '../../routing/route.js'
import { idParams, idSchema, pageOf, pageQuery } from '../../schemas/common.js'
import { versionSummary, versionView } from '../../schemas/workflow.js'
import { checkWorkflow } from './checkWorkflow.js'
import { versionNumber, versionParams } from './versionCommands.js'

export const listVersions = defineRoute({
  method: 'get',
  path: '/v1/workflows/{id}/versions',
  operationId: 'listVersions',
  summary: 'The versions of a workflow',
  description: 'Newest first, without their snapshots.',
  tag: 'Versions',
  scope: 'workflows:read',
  params: idParams,
  query: z.strictObject(pageQuery),
  reads: 'versions',
  responses: { 200: { description: 'A page', body: pageOf(versionSummary), headers: ['Link'] } },
  problems: { 404: ['workflow_not_found'], 422: ['invalid_cursor'] },
  handle: async ({ reads, workflows }, { params, query, context }) => {
    const page = await reads.versions.list(params.id, present(query))
    if (page.items.length === 0) await checkWorkflow(workflows, params.id)
    return pageAnswer(context, page, (summary) => summary)
  },
})

export const getVersion = defineRoute({
  method: 'get',
  path: '/v1/workflows/{id}/versions/{number}',
  operationId: 'getVersion',
  summary: 'A version with its snapshot',
  tag: 'Versions',
  scope: 'workflows:read',
  params: versionParams,
  reads: 'versions',
  responses: { 200: { description: 'The version', body: versionView } },
  problems: { 404: ['version_not_found'] },
  handle: async ({ reads }, { params }) => {
    const version = await reads.versions.byNumber(params.id, params.number)
    if (version === undefined) throw notFound('version_not_found', 'There is no such version.')
    return { status: 200, body: version }
  },
})

export const diffParams = z.object({ id: idSchema, a: versionNumber, b: versionNumber })

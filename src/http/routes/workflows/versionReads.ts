import { z } from 'zod'
import { diffDefinitions } from '../../../domain/diff/definitionDiff.js'
import { notFound } from '../../../domain/errors.js'
import { pageAnswer } from '../../routing/pageAnswer.js'
import { present } from '../../routing/present.js'
import { defineRoute } from '../../routing/route.js'
import { idParams, pageOf, pageQuery, pathId } from '../../schemas/common.js'
import { diffView } from '../../schemas/diff.js'
import { versionSummary, versionView } from '../../schemas/workflow.js'
import { checkWorkflow } from './checkWorkflow.js'
import { versionNumber, versionParams } from './versionCommands.js'

const versionNotFound = (): Error => notFound('version_not_found', 'There is no such version.')

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
    if (version === undefined) throw versionNotFound()
    return { status: 200, body: version }
  },
})

export const diffVersions = defineRoute({
  method: 'get',
  path: '/v1/workflows/{id}/versions/{a}/diff/{b}',
  operationId: 'diffVersions',
  summary: 'What differs between two versions',
  description: 'Nodes and edges added, removed, changed field by field, moved, on the way from `a` to `b`.',
  tag: 'Versions',
  scope: 'workflows:read',
  params: z.object({ id: pathId, a: versionNumber, b: versionNumber }),
  responses: { 200: { description: 'The difference', body: diffView } },
  problems: { 404: ['version_not_found'] },
  handle: async ({ versions }, { params }) => {
    const [a, b] = await Promise.all([
      versions.loadVersion(params.id, params.a),
      versions.loadVersion(params.id, params.b),
    ])
    if (a === undefined || b === undefined) throw versionNotFound()
    return { status: 200, body: diffDefinitions(a.definition, b.definition) }
  },
})

import { z } from 'zod'
import { notFound } from '../../../domain/errors.js'
import { notModified, resourceAnswer } from '../../routing/resourceAnswer.js'
import { defineRoute } from '../../routing/route.js'
import { idParams } from '../../schemas/common.js'
import { edgeView, nodeView } from '../../schemas/graph.js'
import { workflowNotFound } from './checkWorkflow.js'
import { nodeParams } from './nodes.js'

/** A graph has an upper bound, so its parts come all at once; the form is that of every list. */
const whole = <S extends z.ZodType>(items: S) => z.object({ items: z.array(items).readonly(), nextCursor: z.null() })

export const listNodes = defineRoute({
  method: 'get',
  path: '/v1/workflows/{id}/nodes',
  operationId: 'listNodes',
  summary: 'The nodes of the draft',
  tag: 'Graph',
  scope: 'workflows:read',
  params: idParams,
  reads: 'workflows',
  headers: ['If-None-Match'],
  responses: { 200: { description: 'All nodes', body: whole(nodeView), headers: ['ETag'] }, 304: notModified },
  problems: { 404: ['workflow_not_found'] },
  handle: async ({ reads }, { params, context }) => {
    const found = await reads.workflows.nodes(params.id)
    if (found === undefined) throw workflowNotFound()
    return resourceAnswer(context, found.revision, { items: found.value, nextCursor: null })
  },
})

export const getNode = defineRoute({
  method: 'get',
  path: '/v1/workflows/{id}/nodes/{nodeId}',
  operationId: 'getNode',
  summary: 'A node of the draft',
  tag: 'Graph',
  scope: 'workflows:read',
  params: nodeParams,
  reads: 'workflows',
  headers: ['If-None-Match'],
  responses: { 200: { description: 'The node', body: nodeView, headers: ['ETag'] }, 304: notModified },
  problems: { 404: ['node_not_found'] },
  handle: async ({ reads }, { params, context }) => {
    const found = await reads.workflows.node(params.id, params.nodeId)
    if (found === undefined) throw notFound('node_not_found', 'There is no such node.')
    return resourceAnswer(context, found.revision, found.value)
  },
})

export const listEdges = defineRoute({
  method: 'get',
  path: '/v1/workflows/{id}/edges',
  operationId: 'listEdges',
  summary: 'The edges of the draft',
  tag: 'Graph',
  scope: 'workflows:read',
  params: idParams,
  reads: 'workflows',
  headers: ['If-None-Match'],
  responses: { 200: { description: 'All edges', body: whole(edgeView), headers: ['ETag'] }, 304: notModified },
  problems: { 404: ['workflow_not_found'] },
  handle: async ({ reads }, { params, context }) => {
    const found = await reads.workflows.edges(params.id)
    if (found === undefined) throw workflowNotFound()
    return resourceAnswer(context, found.revision, { items: found.value, nextCursor: null })
  },
})

import { z } from 'zod'
import { notFound } from '../../../domain/errors.js'
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
  responses: { 200: { description: 'All nodes', body: whole(nodeView) } },
  problems: { 404: ['workflow_not_found'] },
  handle: async ({ reads }, { params }) => {
    const items = await reads.workflows.nodes(params.id)
    if (items === undefined) throw workflowNotFound()
    return { status: 200, body: { items, nextCursor: null } }
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
  responses: { 200: { description: 'The node', body: nodeView } },
  problems: { 404: ['node_not_found'] },
  handle: async ({ reads }, { params }) => {
    const node = await reads.workflows.node(params.id, params.nodeId)
    if (node === undefined) throw notFound('node_not_found', 'There is no such node.')
    return { status: 200, body: node }
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
  responses: { 200: { description: 'All edges', body: whole(edgeView) } },
  problems: { 404: ['workflow_not_found'] },
  handle: async ({ reads }, { params }) => {
    const items = await reads.workflows.edges(params.id)
    if (items === undefined) throw workflowNotFound()
    return { status: 200, body: { items, nextCursor: null } }
  },
})

import { z } from 'zod'
import { commandHeaderNames, commandHeaders } from '../../routing/commandHeaders.js'
import { defineRoute } from '../../routing/route.js'
import { idParams, idSchema, pathId } from '../../schemas/common.js'
import { changeNodeBody, nodeInput, nodeView } from '../../schemas/graph.js'
import { editProblems } from './problems.js'

export const nodeParams = z.object({ id: pathId, nodeId: idSchema })

export const addNode = defineRoute({
  method: 'post',
  path: '/v1/workflows/{id}/nodes',
  operationId: 'addNode',
  summary: 'Add a node',
  tag: 'Graph',
  scope: 'workflows:write',
  params: idParams,
  body: nodeInput,
  headers: ['If-Match', 'Idempotency-Key'],
  responses: { 201: { description: 'The new node', body: nodeView, headers: [...commandHeaderNames, 'Location'] } },
  problems: editProblems,
  example: { key: 'greet', type: 'transform', config: { output: '{{ input.name }}' }, position: { x: 240, y: 80 } },
  handle: async (dependencies, { params, body, context }) => {
    const outcome = await dependencies.workflows.addNode(context.command(dependencies, body), params.id, body)
    const headers = commandHeaders(outcome, { Location: `/v1/workflows/${params.id}/nodes/${outcome.node.id}` })
    return { status: 201, headers, body: outcome.node }
  },
})

export const changeNode = defineRoute({
  method: 'patch',
  path: '/v1/workflows/{id}/nodes/{nodeId}',
  operationId: 'changeNode',
  summary: 'Configure, rename or move a node, set its policy',
  description: 'Absent members stay as they are. Config and policy are replaced as a whole.',
  tag: 'Graph',
  scope: 'workflows:write',
  params: nodeParams,
  body: changeNodeBody,
  headers: ['If-Match'],
  responses: { 200: { description: 'The node after it', body: nodeView, headers: commandHeaderNames } },
  problems: editProblems,
  example: { position: { x: 320, y: 80 } },
  handle: async (dependencies, { params, body, context }) => {
    const command = context.command(dependencies, body)
    const outcome = await dependencies.workflows.changeNode(command, params.id, params.nodeId, body)
    return { status: 200, headers: commandHeaders(outcome), body: outcome.node }
  },
})

export const removeNode = defineRoute({
  method: 'delete',
  path: '/v1/workflows/{id}/nodes/{nodeId}',
  operationId: 'removeNode',
  summary: 'Remove a node and its edges',
  description: 'Its edges go with it, in the same append.',
  tag: 'Graph',
  scope: 'workflows:write',
  params: nodeParams,
  headers: ['If-Match'],
  responses: { 204: { description: 'It is gone', headers: commandHeaderNames } },
  problems: editProblems,
  handle: async (dependencies, { params, body, context }) => {
    const command = context.command(dependencies, body)
    return {
      status: 204,
      headers: commandHeaders(await dependencies.workflows.removeNode(command, params.id, params.nodeId)),
    }
  },
})

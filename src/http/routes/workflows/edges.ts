import { z } from 'zod'
import { commandHeaderNames, commandHeaders } from '../../routing/commandHeaders.js'
import { defineRoute } from '../../routing/route.js'
import { idParams, idSchema, pathId } from '../../schemas/common.js'
import { edgeInput, edgeView } from '../../schemas/graph.js'
import { editProblems } from './problems.js'

const edgeParams = z.object({ id: pathId, edgeId: idSchema })

export const addEdge = defineRoute({
  method: 'post',
  path: '/v1/workflows/{id}/edges',
  operationId: 'addEdge',
  summary: 'Connect two nodes',
  tag: 'Graph',
  scope: 'workflows:write',
  params: idParams,
  body: edgeInput,
  headers: ['If-Match', 'Idempotency-Key'],
  responses: { 201: { description: 'The new edge', body: edgeView, headers: commandHeaderNames } },
  problems: editProblems,
  example: { sourceNodeId: 'start', targetNodeId: 'greet' },
  handle: async (dependencies, { params, body, context }) => {
    const outcome = await dependencies.workflows.addEdge(context.command(dependencies, body), params.id, body)
    return { status: 201, headers: commandHeaders(outcome), body: outcome.edge }
  },
})

export const removeEdge = defineRoute({
  method: 'delete',
  path: '/v1/workflows/{id}/edges/{edgeId}',
  operationId: 'removeEdge',
  summary: 'Remove an edge',
  tag: 'Graph',
  scope: 'workflows:write',
  params: edgeParams,
  headers: ['If-Match'],
  responses: { 204: { description: 'It is gone', headers: commandHeaderNames } },
  problems: editProblems,
  handle: async (dependencies, { params, body, context }) => {
    const command = context.command(dependencies, body)
    return {
      status: 204,
      headers: commandHeaders(await dependencies.workflows.removeEdge(command, params.id, params.edgeId)),
    }
  },
})

import { z } from 'zod'
import { defineRoute } from '../../routing/route.js'
import { idSchema, pathId } from '../../schemas/common.js'
import { explanationView } from '../../schemas/explanation.js'

export const explainStep = defineRoute({
  method: 'get',
  path: '/v1/executions/{id}/steps/{nodeId}/explanation',
  operationId: 'explainStep',
  summary: 'Why a step ran, was skipped, failed or waits',
  description:
    'Its in-edges with what became of each, the choices with the values they saw, its attempts, who resolved it. All from the log.',
  tag: 'Executions',
  scope: 'executions:read',
  params: z.object({ id: pathId, nodeId: idSchema }),
  responses: { 200: { description: 'The explanation', body: explanationView } },
  problems: { 404: ['execution_not_found', 'step_not_found'] },
  handle: async ({ executions }, { params }) => {
    const explanation = await executions.explain(params.id, params.nodeId)
    return { status: 200, body: { ...explanation, handling: explanation.handling ?? null } }
  },
})

import { z } from 'zod'
import { commandHeaderNames, commandHeaders } from '../../routing/commandHeaders.js'
import { defineRoute } from '../../routing/route.js'
import { emptyBody, idParams } from '../../schemas/common.js'
import { definitionInput, edit } from '../../schemas/graph.js'
import { changeWorkflowBody, createWorkflowBody, workflowView as workflowSchema } from '../../schemas/workflow.js'
import { workflowView } from '../../views/workflowView.js'
import { changeProblems, createProblems, editProblems } from './problems.js'

const changed = { description: 'The workflow after it', body: workflowSchema, headers: commandHeaderNames } as const

export const createWorkflow = defineRoute({
  method: 'post',
  path: '/v1/workflows',
  operationId: 'createWorkflow',
  summary: 'Create a workflow',
  description: 'Nodes and edges may come along; edges name nodes by id or key.',
  tag: 'Workflows',
  scope: 'workflows:write',
  body: createWorkflowBody,
  headers: ['Idempotency-Key'],
  responses: {
    201: { description: 'The new workflow', body: workflowSchema, headers: [...commandHeaderNames, 'Location'] },
  },
  problems: createProblems,
  example: {
    name: 'Greeting',
    nodes: [
      { key: 'start', type: 'trigger.manual' },
      { key: 'greet', type: 'transform', config: { output: { text: 'Hello {{ input.name }}' } } },
    ],
    edges: [{ sourceNodeId: 'start', targetNodeId: 'greet' }],
  },
  handle: async (dependencies, { body, context }) => {
    const outcome = await dependencies.workflows.create(context.command(dependencies, body), body)
    return {
      status: 201,
      headers: commandHeaders(outcome, { Location: `/v1/workflows/${outcome.workflow.id}` }),
      body: workflowView(outcome.workflow, outcome.revision),
    }
  },
})

export const changeWorkflow = defineRoute({
  method: 'patch',
  path: '/v1/workflows/{id}',
  operationId: 'changeWorkflow',
  summary: 'Rename or describe a workflow, change its settings',
  tag: 'Workflows',
  scope: 'workflows:write',
  params: idParams,
  body: changeWorkflowBody,
  headers: ['If-Match'],
  responses: { 200: changed },
  problems: changeProblems,
  example: { name: 'Greeting of customers' },
  handle: async (dependencies, { params, body, context }) => {
    const outcome = await dependencies.workflows.change(context.command(dependencies, body), params.id, body)
    return { status: 200, headers: commandHeaders(outcome), body: workflowView(outcome.workflow, outcome.revision) }
  },
})

export const archiveWorkflow = defineRoute({
  method: 'delete',
  path: '/v1/workflows/{id}',
  operationId: 'archiveWorkflow',
  summary: 'Archive a workflow',
  description: 'Nothing is deleted: it can be restored, its history stays. An archived workflow starts no executions.',
  tag: 'Workflows',
  scope: 'workflows:write',
  params: idParams,
  headers: ['If-Match'],
  responses: { 200: changed },
  problems: changeProblems,
  handle: async (dependencies, { params, body, context }) => {
    const outcome = await dependencies.workflows.archive(context.command(dependencies, body), params.id)
    return { status: 200, headers: commandHeaders(outcome), body: workflowView(outcome.workflow, outcome.revision) }
  },
})

export const restoreWorkflow = defineRoute({
  method: 'post',
  path: '/v1/workflows/{id}/restore',
  operationId: 'restoreWorkflow',
  summary: 'Bring an archived workflow back',
  tag: 'Workflows',
  scope: 'workflows:write',
  params: idParams,
  body: emptyBody,
  bodyOptional: true,
  headers: ['If-Match', 'Idempotency-Key'],
  responses: { 200: changed },
  problems: changeProblems,
  handle: async (dependencies, { params, body, context }) => {
    const outcome = await dependencies.workflows.restore(context.command(dependencies, body), params.id)
    return { status: 200, headers: commandHeaders(outcome), body: workflowView(outcome.workflow, outcome.revision) }
  },
})

export const editWorkflow = defineRoute({
  method: 'post',
  path: '/v1/workflows/{id}/edits',
  operationId: 'editWorkflow',
  summary: 'Many edits at once',
  description: 'One append, all or nothing. Errors point at the edit: `/edits/3/config`.',
  tag: 'Graph',
  scope: 'workflows:write',
  params: idParams,
  body: z.strictObject({ edits: z.array(edit).min(1).max(20_000) }).meta({ id: 'Edits' }),
  headers: ['If-Match', 'Idempotency-Key'],
  responses: { 200: changed },
  problems: editProblems,
  example: {
    edits: [
      { op: 'addNode', key: 'notify', type: 'noop' },
      { op: 'rename', name: 'Greeting' },
    ],
  },
  handle: async (dependencies, { params, body, context }) => {
    const outcome = await dependencies.workflows.edit(context.command(dependencies, body), params.id, body.edits)
    return { status: 200, headers: commandHeaders(outcome), body: workflowView(outcome.workflow, outcome.revision) }
  },
})

export const importDefinition = defineRoute({
  method: 'put',
  path: '/v1/workflows/{id}/definition',
  operationId: 'importDefinition',
  summary: 'Make the draft this graph',
  description:
    'Written as the edits that lead there; nodes are matched by id, else by key. The same graph again writes nothing.',
  tag: 'Graph',
  scope: 'workflows:write',
  params: idParams,
  body: definitionInput,
  headers: ['If-Match'],
  responses: { 200: changed },
  problems: editProblems,
  example: { nodes: [{ key: 'start', type: 'trigger.manual' }], edges: [] },
  handle: async (dependencies, { params, body, context }) => {
    const outcome = await dependencies.workflows.importDefinition(context.command(dependencies, body), params.id, body)
    return { status: 200, headers: commandHeaders(outcome), body: workflowView(outcome.workflow, outcome.revision) }
  },
})

export const draftRoutes = [
  createWorkflow,
  changeWorkflow,
  archiveWorkflow,
  restoreWorkflow,
  editWorkflow,
  importDefinition,
]

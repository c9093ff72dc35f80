import { z } from 'zod'
import { commandHeaderNames, commandHeaders } from '../../routing/commandHeaders.js'
import { defineRoute } from '../../routing/route.js'
import { emptyBody, idParams, pathId } from '../../schemas/common.js'
import { versionView as versionSchema, workflowView as workflowSchema } from '../../schemas/workflow.js'
import { versionView, workflowView } from '../../views/workflowView.js'
import { changeProblems, editProblems } from './problems.js'

/** A version's number as it stands in a path. */
export const versionNumber = z.coerce.number().int().min(1).max(1_000_000_000)
export const versionParams = z.object({ id: pathId, number: versionNumber })

const workflow = { description: 'The workflow after it', body: workflowSchema, headers: commandHeaderNames } as const
const version = { body: versionSchema, headers: [...commandHeaderNames, 'Location'] } as const

export const saveVersion = defineRoute({
  method: 'post',
  path: '/v1/workflows/{id}/versions',
  operationId: 'saveVersion',
  summary: 'Save the draft as a version',
  description: 'A draft that has not changed since the last version makes no new one: 200 with that one.',
  tag: 'Versions',
  scope: 'workflows:write',
  params: idParams,
  body: z.strictObject({ label: z.string().max(200).optional() }).meta({ id: 'SaveVersion' }),
  bodyOptional: true,
  headers: ['If-Match', 'Idempotency-Key'],
  responses: {
    200: { description: 'Unchanged since this version', ...version },
    201: { description: 'The new version', ...version },
  },
  problems: { ...changeProblems, 413: [...changeProblems[413], 'definition_too_large'] },
  example: { label: 'first' },
  handle: async (dependencies, { params, body, context }) => {
    const outcome = await dependencies.workflows.saveVersion(context.command(dependencies, body), params.id, body)
    const headers = commandHeaders(outcome, {
      Location: `/v1/workflows/${params.id}/versions/${outcome.version.number}`,
    })
    return { status: outcome.created ? 201 : 200, headers, body: versionView(outcome.workflow, outcome.version) }
  },
})

export const publishVersion = defineRoute({
  method: 'post',
  path: '/v1/workflows/{id}/versions/{number}/publish',
  operationId: 'publishVersion',
  summary: 'Publish a version',
  description:
    'Executions start from it, triggers listen. Refused while validation finds an error; all findings are listed.',
  tag: 'Versions',
  scope: 'workflows:publish',
  params: versionParams,
  body: emptyBody,
  bodyOptional: true,
  headers: ['If-Match', 'Idempotency-Key'],
  responses: { 200: workflow },
  problems: {
    ...changeProblems,
    404: ['workflow_not_found', 'version_not_found'],
    422: ['version_invalid'],
  },
  handle: async (dependencies, { params, body, context }) => {
    const outcome = await dependencies.workflows.publish(context.command(dependencies, body), params.id, params.number)
    return { status: 200, headers: commandHeaders(outcome), body: workflowView(outcome.workflow, outcome.revision) }
  },
})

export const unpublishWorkflow = defineRoute({
  method: 'post',
  path: '/v1/workflows/{id}/unpublish',
  operationId: 'unpublishWorkflow',
  summary: 'Take back what is published',
  description: 'Executions that run go on with the version they started with.',
  tag: 'Versions',
  scope: 'workflows:publish',
  params: idParams,
  body: emptyBody,
  bodyOptional: true,
  headers: ['If-Match', 'Idempotency-Key'],
  responses: { 200: workflow },
  problems: changeProblems,
  handle: async (dependencies, { params, body, context }) => {
    const outcome = await dependencies.workflows.unpublish(context.command(dependencies, body), params.id)
    return { status: 200, headers: commandHeaders(outcome), body: workflowView(outcome.workflow, outcome.revision) }
  },
})

export const restoreVersion = defineRoute({
  method: 'post',
  path: '/v1/workflows/{id}/versions/{number}/restore',
  operationId: 'restoreVersion',
  summary: 'Make the draft a version again',
  description: 'Written as the edits that lead there; nothing is lost.',
  tag: 'Versions',
  scope: 'workflows:write',
  params: versionParams,
  body: emptyBody,
  bodyOptional: true,
  headers: ['If-Match', 'Idempotency-Key'],
  responses: { 200: workflow },
  problems: { ...editProblems, 404: ['workflow_not_found', 'version_not_found'] },
  handle: async (dependencies, { params, body, context }) => {
    const outcome = await dependencies.workflows.restoreVersion(
      context.command(dependencies, body),
      params.id,
      params.number,
    )
    return { status: 200, headers: commandHeaders(outcome), body: workflowView(outcome.workflow, outcome.revision) }
  },
})

export const versionCommandRoutes = [saveVersion, publishVersion, unpublishWorkflow, restoreVersion]

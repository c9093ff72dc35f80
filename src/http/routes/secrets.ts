import { z } from 'zod'
import { commandHeaderNames, commandHeaders } from '../routing/commandHeaders.js'
import { defineRoute } from '../routing/route.js'
import { idParams, idSchema, pathId, timeSchema } from '../schemas/common.js'
import { checkWorkflow } from './workflows/checkWorkflow.js'

/** What a key may be is the domain's rule; a wrong one is `invalid_secret_key`, not a route that is not there. */
const secretParams = z.object({ id: pathId, key: z.string().min(1).max(1_000) })

const secretView = z
  .object({
    id: idSchema,
    key: z.string(),
    version: z.int().min(1),
    createdAt: timeSchema,
    rotatedAt: timeSchema.meta({ description: 'When the present value was set' }),
    usedBy: z.array(z.object({ nodeId: idSchema, key: z.string() })).readonly(),
  })
  .meta({ id: 'Secret', description: 'What may be known of a secret; its value is nowhere' })

const listSecrets = defineRoute({
  method: 'get',
  path: '/v1/workflows/{id}/secrets',
  operationId: 'listSecrets',
  summary: 'The secrets of a workflow',
  description: 'Metadata only: no answer of this API ever holds a value.',
  tag: 'Secrets',
  scope: 'workflows:read',
  params: idParams,
  reads: 'secrets',
  responses: {
    200: {
      description: 'All of them',
      body: z.object({ items: z.array(secretView).readonly(), nextCursor: z.null() }),
    },
  },
  problems: { 404: ['workflow_not_found'] },
  handle: async ({ reads, workflows }, { params }) => {
    const items = await reads.secrets.list(params.id)
    if (items.length === 0) await checkWorkflow(workflows, params.id)
    return { status: 200, body: { items, nextCursor: null } }
  },
})

const setSecret = defineRoute({
  method: 'put',
  path: '/v1/workflows/{id}/secrets/{key}',
  operationId: 'setSecret',
  summary: 'Set a secret',
  description:
    'Encrypted before it is stored; no answer, event or log ever holds the value. Setting it again makes a new version.',
  tag: 'Secrets',
  scope: 'secrets:write',
  params: secretParams,
  body: z.strictObject({ value: z.string().min(1).max(65_536) }).meta({ id: 'SetSecret' }),
  responses: { 204: { description: 'It is set', headers: commandHeaderNames } },
  problems: {
    404: ['workflow_not_found'],
    409: ['concurrent_change'],
    413: ['secret_too_large'],
    422: ['invalid_secret_key'],
    503: ['keyring_unavailable'],
  },
  example: { value: 'the value' },
  handle: async (dependencies, { params, body, context }) => {
    const command = context.command(dependencies, body)
    return {
      status: 204,
      headers: commandHeaders(await dependencies.secrets.set(command, params.id, params.key, body.value)),
    }
  },
})

const deleteSecret = defineRoute({
  method: 'delete',
  path: '/v1/workflows/{id}/secrets/{key}',
  operationId: 'deleteSecret',
  summary: 'Delete a secret',
  tag: 'Secrets',
  scope: 'secrets:write',
  params: secretParams,
  responses: { 204: { description: 'It is deleted', headers: commandHeaderNames } },
  problems: { 404: ['workflow_not_found', 'secret_not_found'], 409: ['concurrent_change'] },
  handle: async (dependencies, { params, body, context }) => {
    const command = context.command(dependencies, body)
    return { status: 204, headers: commandHeaders(await dependencies.secrets.delete(command, params.id, params.key)) }
  },
})

export const secretRoutes = [listSecrets, setSecret, deleteSecret]

import { z } from 'zod'
import type { ApiKey } from '../../domain/apiKeys/state.js'
import { scopeSchema } from '../../domain/events/catalogue/apiKeys.js'
import { commandHeaderNames, commandHeaders } from '../routing/commandHeaders.js'
import { pageAnswer } from '../routing/pageAnswer.js'
import { present } from '../routing/present.js'
import { defineRoute } from '../routing/route.js'
import { idParams, idSchema, pageOf, pageQuery, queryTime, timeSchema } from '../schemas/common.js'

export const apiKeyView = z
  .object({
    id: idSchema,
    name: z.string(),
    scopes: z.array(scopeSchema),
    createdAt: timeSchema,
    expiresAt: timeSchema.nullable(),
    revokedAt: timeSchema.nullable(),
  })
  .meta({ id: 'ApiKey' })

const issuedView = apiKeyView
  .extend({
    key: z.string().nullable().meta({ description: 'Only this once; null where the request was a repetition' }),
  })
  .meta({ id: 'IssuedApiKey' })

const viewOf = ({ keyId, name, scopes, createdAt, expiresAt, revokedAt }: ApiKey): z.input<typeof apiKeyView> => ({
  id: keyId,
  name,
  scopes: [...scopes],
  createdAt,
  expiresAt,
  revokedAt,
})

const listApiKeys = defineRoute({
  method: 'get',
  path: '/v1/api-keys',
  operationId: 'listApiKeys',
  summary: 'List API keys',
  description: 'Newest first, the revoked ones too; never the keys themselves.',
  tag: 'API keys',
  scope: 'keys:manage',
  query: z.strictObject(pageQuery),
  reads: 'api_keys',
  responses: { 200: { description: 'A page', body: pageOf(apiKeyView), headers: ['Link'] } },
  problems: { 422: ['invalid_cursor'] },
  handle: async ({ reads }, { query, context }) =>
    pageAnswer(context, await reads.apiKeys.list(present(query)), ({ createdBy: _, ...key }) => ({
      ...key,
      scopes: [...key.scopes],
    })),
})

const issueApiKey = defineRoute({
  method: 'post',
  path: '/v1/api-keys',
  operationId: 'issueApiKey',
  summary: 'Issue an API key',
  description: 'The answer holds the key, once: it is kept as a hash only.',
  tag: 'API keys',
  scope: 'keys:manage',
  body: z
    .strictObject({
      name: z.string().trim().min(1).max(200),
      scopes: z.array(scopeSchema).min(1).max(20),
      expiresAt: queryTime.nullable().optional(),
    })
    .meta({ id: 'IssueApiKey' }),
  headers: ['Idempotency-Key'],
  responses: { 201: { description: 'The new key', body: issuedView, headers: commandHeaderNames } },
  problems: { 409: ['concurrent_change'], 422: ['invalid_expiry'] },
  example: { name: 'ci', scopes: ['workflows:read', 'executions:start'] },
  handle: async (dependencies, { body, context }) => {
    const expiresAt = typeof body.expiresAt === 'string' ? new Date(body.expiresAt).toISOString() : null
    const input = { name: body.name, scopes: body.scopes, expiresAt }
    const outcome = await dependencies.apiKeys.issue(context.command(dependencies, body), input)
    return {
      status: 201,
      headers: commandHeaders(outcome),
      body: { ...viewOf(outcome.apiKey), key: outcome.key ?? null },
    }
  },
})

const revokeApiKey = defineRoute({
  method: 'delete',
  path: '/v1/api-keys/{id}',
  operationId: 'revokeApiKey',
  summary: 'Revoke an API key',
  description: 'It stops working in every process within a second.',
  tag: 'API keys',
  scope: 'keys:manage',
  params: idParams,
  responses: { 204: { description: 'It is revoked', headers: commandHeaderNames } },
  problems: { 404: ['api_key_not_found'], 409: ['concurrent_change'] },
  handle: async (dependencies, { params, body, context }) => {
    const command = context.command(dependencies, body)
    return { status: 204, headers: commandHeaders(await dependencies.apiKeys.revoke(command, params.id)) }
  },
})

export const apiKeyRoutes = [listApiKeys, issueApiKey, revokeApiKey]

import { z } from 'zod'
import type { WebhookRequest } from '../../commands/executions/triggers/webhooks.js'
import { notFound } from '../../domain/errors.js'
import type { ExecutionState } from '../../domain/execution/executionState.js'
import type { JsonValue } from '../../domain/json.js'
import { HttpProblem } from '../problems/httpProblem.js'
import { commandHeaderNames, commandHeaders } from '../routing/commandHeaders.js'
import type { RequestContext } from '../routing/requestContext.js'
import { defineRoute, type Method, type Route } from '../routing/route.js'
import { idSchema, jsonSchema } from '../schemas/common.js'
import { executionStatus, nodeError } from '../schemas/execution.js'
import { executionStatusOf } from '../views/executionView.js'

const hookAnswer = z
  .object({
    executionId: idSchema,
    status: executionStatus,
    output: jsonSchema.nullable(),
    error: nodeError.nullable(),
  })
  .meta({ id: 'HookAnswer' })

/** They would stay in the log for ever. */
const credentials: ReadonlySet<string> = new Set(['authorization', 'proxy-authorization', 'cookie', 'x-api-key'])

const resultWaitMs = 30_000

const callOf = (
  { request }: RequestContext,
  path: string,
  query: WebhookRequest['query'],
  body: JsonValue,
): WebhookRequest => {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined && !credentials.has(name)) headers[name] = Array.isArray(value) ? value.join(', ') : value
  }
  return { method: request.method ?? 'GET', path, headers, query, body }
}

/** Callers of webhooks look at the status alone: only a run that did its work is a success. */
const statusOfEnd = ({ phase, outcome }: ExecutionState): 200 | 202 | 500 => {
  if (phase !== 'ended') return 202
  return outcome === 'completed' ? 200 : 500
}

const methodNotAllowed = (methods: readonly string[], method: string): HttpProblem =>
  new HttpProblem(405, 'method_not_allowed', `What listens there takes ${methods.join(', ')}, not ${method}.`, {
    Allow: methods.join(', '),
  })

const answer = { body: hookAnswer, headers: commandHeaderNames } as const

const hookRoute = (method: Method): Route =>
  defineRoute({
    method,
    path: '/hooks/{path}',
    wildcard: true,
    operationId: `${method}Hook`,
    summary: 'Start an execution by its webhook',
    description:
      "Of the published version whose webhook trigger has this path (slashes are part of it) and method. The execution's input is `{ method, path, headers, query, body }`; a parameter or form field that comes several times is a list. With `respond: result` the answer waits up to 30 seconds for the end: 200 where the execution is completed, 500 where it ended otherwise, 202 where it goes on.",
    tag: 'Hooks',
    scope: 'public',
    params: z.object({ path: z.string().min(1).max(1_000) }),
    query: z.object({}).catchall(z.union([z.string(), z.array(z.string())])),
    repeatableQuery: true,
    anyBody: true,
    headers: ['Idempotency-Key'],
    timeoutMs: resultWaitMs + 15_000,
    responses: {
      200: { description: 'The execution is completed (`respond: result`)', ...answer },
      202: { description: 'The execution has started', ...answer },
      500: { description: 'The execution failed, was cancelled or timed out (`respond: result`)', ...answer },
    },
    problems: {
      400: ['malformed_json', 'malformed_text', 'body_incomplete'],
      404: ['hook_not_found', 'workflow_not_found', 'version_not_found'],
      405: ['method_not_allowed'],
      409: ['not_published', 'workflow_archived', 'version_invalid', 'concurrent_change'],
      413: ['body_too_large', 'input_too_large'],
      415: ['unsupported_media_type'],
      422: ['invalid_body', 'invalid_input'],
      429: ['concurrency_limit'],
      503: ['overloaded'],
    },
    handle: async (dependencies, { params, query, body, context }) => {
      const call = callOf(context, params.path, query, (body ?? null) as JsonValue)
      const { body: sent, method: verb } = call
      const command = context.command(dependencies, { verb, query, body: sent })
      const started = await dependencies.startWebhook(command, call)
      if (started === undefined) throw notFound('hook_not_found', 'No published workflow listens there.')
      if ('methods' in started) throw methodNotAllowed(started.methods, call.method)
      const { execution, respond } = started
      const waits = respond === 'result' && execution.state.phase !== 'ended'
      const result = waits ? await dependencies.executions.waitForEnd(execution.executionId, resultWaitMs) : execution
      const { state } = result
      return {
        status: respond === 'result' ? statusOfEnd(state) : 202,
        headers: commandHeaders({ ...result, replayed: execution.replayed }),
        body: {
          executionId: execution.executionId,
          status: executionStatusOf(state),
          output: respond === 'result' ? (state.output ?? null) : null,
          error: respond === 'result' ? (state.error ?? null) : null,
        },
      }
    },
  })

export const hookRoutes: readonly Route[] = (['get', 'post', 'put', 'patch', 'delete'] as const).map(hookRoute)

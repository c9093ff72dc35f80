import { z } from 'zod'
import type { CommandContext } from '../../../commands/commandHandler.js'
import type { ExecutionCommands, ExecutionResult } from '../../../commands/executions/executionCommands.js'
import { signalNamePattern } from '../../../domain/execution/signalName.js'
import { commandHeaderNames, commandHeaders } from '../../routing/commandHeaders.js'
import { present } from '../../routing/present.js'
import { defineRoute, type Route } from '../../routing/route.js'
import { idParams, idSchema, jsonSchema, pathId, reasonBody, whySchema } from '../../schemas/common.js'
import { executionView as executionSchema } from '../../schemas/execution.js'
import { executionView } from '../../views/executionView.js'

const after = {
  200: { description: 'The execution after it', body: executionSchema, headers: commandHeaderNames },
} as const

type Operation = (
  executions: ExecutionCommands,
  context: CommandContext,
  input: { executionId: string; reason?: string },
) => Promise<ExecutionResult>

interface OperationSpec {
  readonly name: 'cancel' | 'pause' | 'resume' | 'retry'
  readonly summary: string
  readonly description: string
  readonly conflicts: readonly string[]
  readonly carryOut: Operation
}

const operationRoute = ({ name, summary, description, conflicts, carryOut }: OperationSpec): Route =>
  defineRoute({
    method: 'post',
    path: `/v1/executions/{id}/${name}`,
    operationId: `${name}Execution`,
    summary,
    description,
    tag: 'Executions',
    scope: 'executions:operate',
    params: idParams,
    body: reasonBody,
    bodyOptional: true,
    headers: ['If-Match', 'Idempotency-Key'],
    responses: after,
    problems: { 404: ['execution_not_found'], 409: [...conflicts, 'concurrent_change'] },
    example: { reason: 'asked for by the customer' },
    handle: async ({ executions, versions, ...dependencies }, { params, body, context }) => {
      const input = { executionId: params.id, ...present(body) }
      const result = await carryOut(executions, context.command(dependencies, body), input)
      return { status: 200, headers: commandHeaders(result), body: await executionView(versions, result) }
    },
  })

const cancelExecution = operationRoute({
  name: 'cancel',
  summary: 'Cancel an execution',
  description: 'Nothing new starts, attempts in flight are aborted, children are cancelled too.',
  conflicts: ['execution_ended'],
  carryOut: (executions, context, input) => executions.cancel(context, input),
})

const pauseExecution = operationRoute({
  name: 'pause',
  summary: 'Pause an execution',
  description: 'No new attempts; those in flight may finish, signals are kept.',
  conflicts: ['execution_ended', 'execution_ending'],
  carryOut: (executions, context, input) => executions.pause(context, input),
})

const resumeExecution = operationRoute({
  name: 'resume',
  summary: 'Let a paused execution go on',
  description: 'What became due meanwhile happens now.',
  conflicts: ['execution_ended', 'execution_ending'],
  carryOut: (executions, context, input) => executions.resume(context, input),
})

const retryExecution = operationRoute({
  name: 'retry',
  summary: 'Try the failed nodes of a failed execution again',
  description: 'What is decided is kept, the version stays the same.',
  conflicts: ['execution_not_ended', 'execution_not_failed'],
  carryOut: (executions, context, input) => executions.retry(context, input),
})

const signalExecution = defineRoute({
  method: 'post',
  path: '/v1/executions/{id}/signals/{name}',
  operationId: 'signalExecution',
  summary: 'Send a signal',
  description:
    'Kept when it comes before the wait; consumed once, first in first out per name. An approval is a signal.',
  tag: 'Executions',
  scope: 'executions:operate',
  params: z.object({ id: pathId, name: z.string().regex(signalNamePattern) }),
  body: z
    .strictObject({
      payload: jsonSchema.optional(),
      dedupeId: z.string().min(1).max(200).optional().meta({ description: 'A second signal with it is ignored' }),
    })
    .meta({ id: 'Signal' }),
  bodyOptional: true,
  headers: ['If-Match', 'Idempotency-Key'],
  responses: after,
  problems: {
    404: ['execution_not_found'],
    409: ['execution_ended', 'execution_ending', 'concurrent_change'],
    413: ['payload_too_large'],
  },
  example: { payload: { approved: true } },
  handle: async ({ executions, versions, ...dependencies }, { params, body, context }) => {
    const command = context.command(dependencies, body)
    const result = await executions.signal(command, { executionId: params.id, name: params.name, ...present(body) })
    return { status: 200, headers: commandHeaders(result), body: await executionView(versions, result) }
  },
})

const resolveStep = defineRoute({
  method: 'post',
  path: '/v1/executions/{id}/steps/{nodeId}/resolve',
  operationId: 'resolveStep',
  summary: 'Decide a step that is held or in doubt',
  tag: 'Executions',
  scope: 'executions:operate',
  params: z.object({ id: pathId, nodeId: idSchema }),
  body: z
    .strictObject({
      action: z.enum(['retry', 'complete', 'skip', 'fail']),
      output: jsonSchema.optional().meta({
        description:
          'For `complete` only; null where it is left out. Of a node without the port `out` it names the port that is emitted: `true` or `false` for a condition.',
      }),
      reason: whySchema,
    })
    .refine(({ action, output }) => action === 'complete' || output === undefined, {
      path: ['output'],
      error: 'Only a step that is completed has an output.',
    })
    .meta({ id: 'ResolveStep' }),
  headers: ['If-Match', 'Idempotency-Key'],
  responses: after,
  problems: {
    404: ['execution_not_found', 'step_not_found'],
    409: ['execution_ended', 'execution_ending', 'step_not_resolvable', 'concurrent_change'],
    413: ['payload_too_large'],
    422: ['port_not_named'],
  },
  example: { action: 'complete', output: { paid: true }, reason: 'The bank confirmed it by phone' },
  handle: async ({ executions, versions, ...dependencies }, { params, body, context }) => {
    const command = context.command(dependencies, body)
    const result = await executions.resolveStep(command, {
      executionId: params.id,
      nodeId: params.nodeId,
      ...present(body),
    })
    return { status: 200, headers: commandHeaders(result), body: await executionView(versions, result) }
  },
})

export const operateRoutes: readonly Route[] = [
  cancelExecution,
  pauseExecution,
  resumeExecution,
  retryExecution,
  signalExecution,
  resolveStep,
]

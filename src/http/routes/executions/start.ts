import { commandHeaderNames, commandHeaders } from '../../routing/commandHeaders.js'
import { present } from '../../routing/present.js'
import { defineRoute } from '../../routing/route.js'
import { idParams } from '../../schemas/common.js'
import { executionView as executionSchema, startExecutionBody } from '../../schemas/execution.js'
import { executionView } from '../../views/executionView.js'

const answered = { body: executionSchema, headers: [...commandHeaderNames, 'Location', 'Preference-Applied'] } as const

export const startExecution = defineRoute({
  method: 'post',
  path: '/v1/workflows/{id}/executions',
  operationId: 'startExecution',
  summary: 'Start an execution',
  description:
    'Of the published version, unless one is named. Once answered it is in the log and survives every crash. `Prefer: wait=N` waits up to N seconds for its end.',
  tag: 'Executions',
  scope: 'executions:start',
  params: idParams,
  body: startExecutionBody,
  bodyOptional: true,
  headers: ['Idempotency-Key', 'Prefer'],
  responses: {
    200: { description: 'It ended in the time that Prefer: wait gave it', ...answered },
    202: { description: 'It has started', ...answered },
  },
  problems: {
    404: ['workflow_not_found', 'version_not_found'],
    409: ['not_published', 'workflow_archived', 'ambiguous_trigger', 'version_invalid', 'concurrent_change'],
    413: ['input_too_large'],
    422: ['invalid_input', 'trigger_not_found', 'origin_not_found'],
    429: ['concurrency_limit'],
    503: ['overloaded'],
  },
  example: { input: { name: 'Ada' } },
  handle: async (dependencies, { params, body, context }) => {
    const { executions, versions } = dependencies
    const { wait } = context
    const { origin, ...rest } = body
    const started = await executions.start(context.command(dependencies, body), {
      workflowId: params.id,
      ...present(rest),
      ...(origin === undefined ? {} : { origin: { executionId: origin } }),
    })
    const { executionId, replayed } = started
    const waits = wait !== undefined && started.state.phase !== 'ended'
    const result = waits ? { ...(await executions.waitForEnd(executionId, wait * 1000)), replayed } : started
    const headers = commandHeaders(result, {
      Location: `/v1/executions/${executionId}`,
      'Preference-Applied': wait === undefined ? undefined : `wait=${wait}`,
    })
    const ended = wait !== undefined && result.state.phase === 'ended'
    return { status: ended ? 200 : 202, headers, body: await executionView(versions, result) }
  },
})

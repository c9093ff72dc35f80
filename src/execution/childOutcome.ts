import type { NodeError } from '../domain/events/catalogue/execution.js'
import type { AttemptOutcome } from '../domain/execution/decide/attempts.js'
import type { JsonObject } from '../domain/json.js'
import type { ChildRuns } from './childRuns.js'

/** The failed run; there is none where it could not be started. */
const runOf = ({ details }: NodeError): JsonObject => {
  const { executionId } = (details ?? {}) as JsonObject
  return executionId === undefined ? {} : { executionId }
}

/** The outcome of the whole wait, once nothing of it is under way; undefined while it has to go on. */
export const outcomeOf = ({ wait, ended, failures, inputs }: ChildRuns): AttemptOutcome | undefined => {
  if (wait.kind === 'subworkflow') {
    const end = ended.get(0)
    if (end === undefined) return undefined
    return 'error' in end
      ? { kind: 'failed', error: end.error }
      : { kind: 'completed', output: end.output, ports: ['out'] }
  }
  if (failures > wait.toleratedFailures) {
    const failed = [...ended].flatMap(([iteration, end]) => ('error' in end ? [{ iteration, error: end.error }] : []))
    const details = {
      failures,
      items: inputs.length,
      first: failed
        .slice(0, 10)
        .map(({ iteration, error }) => ({ iteration, ...runOf(error), code: error.code, message: error.message })),
    }
    const message = `${failures} of ${inputs.length} runs failed; ${wait.toleratedFailures} are tolerated`
    return { kind: 'failed', error: { class: 'child', code: 'map_failed', message, details } }
  }
  if (ended.size < inputs.length) return undefined
  const output = inputs.map((_, iteration) => {
    const end = ended.get(iteration)
    return end !== undefined && 'output' in end ? end.output : null
  })
  return { kind: 'completed', output, ports: ['out'] }
}

/** For a node whose wait is over before that. */
export const cutOff: AttemptOutcome = {
  kind: 'failed',
  error: { class: 'aborted', code: 'attempt_aborted', message: 'it ended before its child runs' },
}

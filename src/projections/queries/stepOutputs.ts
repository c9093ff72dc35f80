import type { JsonValue } from '../../domain/json.js'
import type { StepRow } from '../definitions/executions/stepsTable.js'

export type Step = Omit<StepRow, 'execution_id' | 'ordinal'>

/** The inputs and outputs of one run's steps. */
export interface StepOutputs {
  of(nodeId: string): JsonValue
  /** Of several: the one's output, or an object by their keys; null of none. */
  gathered(nodeIds: readonly string[]): JsonValue
}

/** What a failed node hands on: the error at its `error` port, null when the run goes on without it. */
const outputOfFailure = ({ error, handling, attempts, key }: Step): JsonValue =>
  handling === 'errorPort' && error !== null
    ? { class: error.class, code: error.code, message: error.message, attempt: Math.max(attempts, 1), nodeKey: key }
    : null

/** Rows hold an output only where a node made it: those that pass their input through name the steps that theirs comes from. */
export const createStepOutputs = (
  trigger: { readonly nodeId: string; readonly input: JsonValue },
  steps: readonly Step[],
): StepOutputs => {
  const byNode = new Map(steps.map((step) => [step.node_id, step]))
  const outputs = new Map<string, JsonValue>()

  const ownOutput = (step: Step): JsonValue | undefined => {
    if (step.node_id === trigger.nodeId) return trigger.input
    if (step.output !== undefined) return step.output
    if (step.status === 'failed') return outputOfFailure(step)
    return step.status === 'completed' && step.input_from.length > 0 ? undefined : null
  }

  /** Depth first with a stack of its own: a run may be a chain of two thousand nodes that pass their input through. */
  const outputOf = (nodeId: string): JsonValue => {
    const stack = [nodeId]
    for (let id = stack.at(-1); id !== undefined; id = stack.at(-1)) {
      const step = byNode.get(id)
      const own = step === undefined ? null : ownOutput(step)
      const missing = own === undefined ? (step?.input_from ?? []).filter((from) => !outputs.has(from)) : []
      if (missing.length > 0) {
        stack.push(...missing)
        continue
      }
      outputs.set(id, own === undefined ? gather(step?.input_from ?? []) : own)
      stack.pop()
    }
    return outputs.get(nodeId) ?? null
  }

  const gather = (nodeIds: readonly string[]): JsonValue => {
    const [only] = nodeIds
    if (only === undefined) return null
    if (nodeIds.length === 1) return outputs.get(only) ?? null
    return Object.fromEntries(nodeIds.map((id) => [byNode.get(id)?.key ?? id, outputs.get(id) ?? null]))
  }

  const gathered = (nodeIds: readonly string[]): JsonValue => {
    for (const id of nodeIds) outputOf(id)
    return gather(nodeIds)
  }

  return { of: outputOf, gathered }
}

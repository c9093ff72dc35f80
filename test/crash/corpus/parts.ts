import type { Policy } from '../../../src/domain/definition.js'
import type { ExecutionState } from '../../../src/domain/execution/executionState.js'
import type { JsonObject, JsonValue } from '../../../src/domain/json.js'
import { define, idOf, manual, type NodeSpec } from '../../support/execution/definitions.js'
import { stepOf } from '../../support/execution/runEngine.js'
import type { CorpusAction } from '../corpusRun.js'

export const effect = (config: JsonObject = {}, policy: Policy = {}): NodeSpec => ({
  type: 'test.effect',
  config,
  policy,
})
export const delay = (seconds: number): NodeSpec => ({ type: 'delay', config: { seconds } })
export const signal = (name: string, config: JsonObject = {}): NodeSpec => ({
  type: 'signal',
  config: { name, ...config },
})
export const http = (url: string, method: string, policy: Policy = {}): NodeSpec => ({
  type: 'http.request',
  config: { url, method, ...(method === 'POST' ? { body: { n: 1 } } : {}) },
  policy,
})
export const retry = { maxAttempts: 3, initialMs: 5, factor: 1, maxMs: 5, jitter: 0 }

export const is = (key: string, status: string) => (state: ExecutionState) => stepOf(state, key)?.status === status
export const sending = (name: string, node: string, payload: JsonValue): CorpusAction => ({
  label: `signal ${name} to ${node}`,
  when: is(node, 'waiting'),
  act: (engine, context, executionId) =>
    engine.commands.signal(context, { executionId, name, payload, dedupeId: node }),
})
export const resolving = (
  node: string,
  action: 'retry' | 'complete' | 'skip' | 'fail',
  output: JsonValue = null,
): CorpusAction => ({
  label: `${action} ${node}`,
  when: is(node, 'held'),
  act: (engine, context, executionId) =>
    engine.commands.resolveStep(context, {
      executionId,
      nodeId: idOf(node),
      action,
      output,
      reason: 'the corpus says so',
    }),
})
export const controlling = (
  operation: 'cancel' | 'pause' | 'resume' | 'retry',
  when: CorpusAction['when'],
): CorpusAction => ({
  label: operation,
  when,
  act: (engine, context, executionId) => engine.commands[operation](context, { executionId }),
})

export const chainOf = (specs: Record<string, NodeSpec>, settings = {}) => {
  const keys = Object.keys(specs)
  return define(
    { start: manual, ...specs },
    keys.map((key, index) => `${keys[index - 1] ?? 'start'} -> ${key}`),
    settings,
  )
}

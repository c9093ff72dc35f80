import assert from 'node:assert/strict'
import type { StoredEvent } from '../../src/domain/events/recordedEvent.js'
import type { ExecutionState } from '../../src/domain/execution/executionState.js'
import { valuesOf } from '../../src/domain/execution/persistentMap.js'
import type { OutboundCall } from './corpusEngine.js'
import { corpusRunId } from './corpusEngine.js'
import type { CorpusRun } from './corpusRun.js'

const statusesOf = (state: ExecutionState, loose: readonly string[]) =>
  Object.fromEntries(
    [...valuesOf(state.nodes)].filter(({ key }) => !loose.includes(key)).map(({ key, status }) => [key, status]),
  )

/** What the plain run said, for the comparison. */
export interface Expected {
  readonly statuses: Readonly<Record<string, string>>
}

export const expectedOf = (run: CorpusRun, state: ExecutionState): Expected => ({
  statuses: statusesOf(state, run.loose ?? []),
})

/** Attempts of one step that were made, by the key that all of them sent. */
const countByKey = (calls: readonly OutboundCall[]): Map<string, OutboundCall[]> => {
  const byKey = new Map<string, OutboundCall[]>()
  for (const call of calls) byKey.set(call.key, [...(byKey.get(call.key) ?? []), call])
  return byKey
}

/**
 * The promises of execution.md: the run came to what it comes to without a crash; every transition happened once; a step
 * that holds its doubts was called at most once per attempt that was asked for, any other at least as often as it succeeded.
 */
export const expectPromises = (
  run: CorpusRun,
  state: ExecutionState,
  expected: Expected,
  events: readonly StoredEvent[],
  calls: readonly OutboundCall[],
): void => {
  assert.equal(state.outcome, run.outcome, run.name)
  if (run.output !== undefined) assert.deepEqual(state.output, run.output, run.name)
  assert.deepEqual(statusesOf(state, run.loose ?? []), expected.statuses, run.name)

  const own = events.filter(({ stream }) => stream === `execution-${corpusRunId(run)}`)
  const count = (type: string) => own.filter((event) => event.type === type).length
  assert.equal(count('ExecutionStarted'), 1, run.name)
  const decided = own.flatMap(({ type, data }) =>
    type === 'NodeCompleted' || type === 'NodeSkipped' ? [(data as { nodeId: string }).nodeId] : [],
  )
  assert.equal(new Set(decided).size, decided.length, run.name)

  const byKey = countByKey(calls)
  for (const node of valuesOf(state.nodes)) {
    if (node.nodeType !== 'test.effect') continue
    const definition = run.definition.nodes.find(({ id }) => id === node.nodeId)
    const made = byKey.get(`${state.executionId}:${node.nodeId}:0`) ?? []
    const holds =
      definition?.policy.inDoubt === 'hold' ||
      (definition?.config.inDoubt === 'hold' && definition.policy.inDoubt !== 'retry')
    const claimed = node.history.length
    // A claim is what allows a call, so there are never more calls than claims, and at most one of each attempt.
    assert.ok(made.length <= claimed, run.name)
    assert.equal(new Set(made.map(({ attempt }) => attempt)).size, made.length, run.name)
    if (holds) assert.ok(made.length <= 1, run.name)
    else if (node.status === 'completed' && node.resolutions === undefined) assert.ok(made.length > 0, run.name)
  }
}

import { expect } from 'vitest'
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
  expect(state.outcome, run.name).toBe(run.outcome)
  if (run.output !== undefined) expect(state.output, run.name).toEqual(run.output)
  expect(statusesOf(state, run.loose ?? []), run.name).toEqual(expected.statuses)

  const own = events.filter(({ stream }) => stream === `execution-${corpusRunId(run)}`)
  const count = (type: string) => own.filter((event) => event.type === type).length
  expect(count('ExecutionStarted'), run.name).toBe(1)
  const decided = own.flatMap(({ type, data }) =>
    type === 'NodeCompleted' || type === 'NodeSkipped' ? [(data as { nodeId: string }).nodeId] : [],
  )
  expect(new Set(decided).size, run.name).toBe(decided.length)

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
    expect(made.length, run.name).toBeLessThanOrEqual(claimed)
    expect(new Set(made.map(({ attempt }) => attempt)).size, run.name).toBe(made.length)
    if (holds) expect(made.length, run.name).toBeLessThanOrEqual(1)
    else if (node.status === 'completed' && node.resolutions === undefined)
      expect(made.length, run.name).toBeGreaterThan(0)
  }
}

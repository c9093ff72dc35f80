import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { edgeStatus } from '../../../src/domain/execution/edges.js'
import { applyTo } from '../../../src/domain/execution/evolveExecution.js'
import { absentExecution } from '../../../src/domain/execution/executionState.js'
import { explainStep } from '../../../src/domain/execution/explanation.js'
import { getIn, valuesOf } from '../../../src/domain/execution/persistentMap.js'
import { draftOf, stateOf } from '../../../src/domain/execution/stateDraft.js'
import { define, manual, transform } from '../../support/execution/definitions.js'
import { type PureRun, pureRun, startTime, testActor } from '../../support/execution/pureRun.js'
import { carryToEnd, randomRun } from '../../support/execution/randomRuns.js'

const occasion = { at: startTime, actor: testActor }
const first = () => 0
const last = (choices: number) => choices - 1
const nodesOf = ({ state }: PureRun) => [...valuesOf(state.nodes)].sort((a, b) => (a.key < b.key ? -1 : 1))

describe('any run', () => {
  it('ends, with every edge resolved and every node decided exactly once', () => {
    fc.assert(
      fc.property(randomRun, fc.infiniteStream(fc.nat()), (random, numbers) => {
        const run = carryToEnd(random, (choices) => Number(numbers.next().value) % Math.max(1, choices))
        for (const planned of run.plan.nodes) {
          for (const edge of planned.inEdges) {
            expect(edgeStatus(getIn(run.state.nodes, edge.edge.sourceNodeId), edge)).not.toBe('unresolved')
          }
        }
        const decisions = run.events.flatMap((event) =>
          event.type === 'NodeCompleted' || event.type === 'NodeSkipped' || event.type === 'NodeFailed'
            ? [event.data.nodeId]
            : [],
        )
        expect(new Set(decisions).size).toBe(decisions.length)
        // The trigger is decided by the start itself.
        expect(decisions.length).toBe(run.plan.nodes.length - 1)
        expect(run.events.at(-1)?.type).toBe('ExecutionCompleted')
      }),
      { numRuns: 300 },
    )
  })

  it('comes to the same whatever the order in which its branches end, and whoever claims', () => {
    fc.assert(
      fc.property(randomRun, fc.infiniteStream(fc.nat()), (random, numbers) => {
        const runs = [
          carryToEnd(random, first),
          carryToEnd(random, last),
          carryToEnd(random, (choices) => Number(numbers.next().value) % Math.max(1, choices), 3),
        ]
        const told = runs.map((run) =>
          nodesOf(run).map(({ key, status, ports, output }) => ({
            key,
            status,
            ports,
            ...(random.races ? {} : { output }),
          })),
        )
        expect(told[1]).toEqual(told[0])
        expect(told[2]).toEqual(told[0])
      }),
      { numRuns: 200 },
    )
  })

  it('with an unhandled failure fails, whatever the order', () => {
    const withoutHandling = randomRun.map((random) => ({
      ...random,
      definition: {
        ...random.definition,
        nodes: random.definition.nodes.map((node) => ({ ...node, policy: { join: node.policy.join ?? 'all' } })),
      },
    }))
    fc.assert(
      fc.property(withoutHandling, (random) => {
        const runs = [carryToEnd(random, first), carryToEnd(random, last), carryToEnd(random, last, 3)]
        expect(new Set(runs.map(({ state }) => state.outcome)).size).toBe(1)
      }),
      { numRuns: 100 },
    )
  })

  it('is the same state folded at once, or event by event', () => {
    fc.assert(
      fc.property(randomRun, (random) => {
        const run = carryToEnd(random, first)
        let state = absentExecution
        for (const event of run.events) {
          const draft = draftOf(state)
          applyTo(draft, event, occasion)
          state = stateOf(draft)
        }
        const together = draftOf(absentExecution)
        for (const event of run.events) applyTo(together, event, occasion)
        const plain = (of: typeof state) => ({
          ...of,
          nodes: [...valuesOf(of.nodes)],
          timers: [...valuesOf(of.timers)],
          dedupeIds: [],
        })
        expect(plain(state)).toEqual(plain(run.state))
        expect(plain(stateOf(together))).toEqual(plain(run.state))
      }),
      { numRuns: 50 },
    )
  })

  it('can explain each of its steps', () => {
    fc.assert(
      fc.property(randomRun, (random) => {
        const run = carryToEnd(random, first)
        for (const { node, inEdges } of run.plan.nodes) {
          const explained = explainStep(run.state, run.plan, node.id)
          expect(explained.edges).toHaveLength(inEdges.length)
          if (explained.status !== 'skipped') continue
          expect(explained.edges.every(({ status, reason }) => status === 'taken' || reason !== undefined)).toBe(true)
        }
      }),
      { numRuns: 50 },
    )
  })
})

describe('an append that would be too large', () => {
  const wide = (branches: number, bytes: number) => {
    const keys = Array.from({ length: branches }, (_, index) => `t${index}`)
    const text = 'x'.repeat(bytes)
    return define(
      { start: manual, ...Object.fromEntries(keys.map((key) => [key, transform({ text })])) },
      keys.map((key) => `start -> ${key}`),
    )
  }

  it('is cut between nodes into several, each a state from which the run goes on', () => {
    const run = pureRun(wide(12, 150_000))
    expect(run.started.length).toBeGreaterThan(2)
    for (const append of run.started) expect(JSON.stringify(append).length).toBeLessThan(900 * 1024)
    expect(run.state.outcome).toBe('completed')
    expect(Object.keys(run.state.output ?? {})).toHaveLength(12)
  })

  it('is also one of very many small events', () => {
    const run = pureRun(wide(1_999, 10))
    expect(run.started.length).toBeGreaterThan(2)
    expect(run.state.outcome).toBe('completed')
    expect(run.events).toHaveLength(2_001)
  })
})

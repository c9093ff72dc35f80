import fc from 'fast-check'
import type { Definition, Join } from '../../../src/domain/definition.js'
import { decideClaim, decideOutcome } from '../../../src/domain/execution/decide/attempts.js'
import { valuesOf } from '../../../src/domain/execution/persistentMap.js'
import { define, manual, type NodeSpec } from './definitions.js'
import { type PureRun, pureRun } from './pureRun.js'

/** A random node: its kind, its join, whether an effect fails, and its in-edges as choices of earlier nodes and ports. */
const randomNode = fc.record({
  kind: fc.constantFrom('noop', 'condition', 'effect', 'switch'),
  join: fc.oneof(
    fc.constantFrom<Join>('all', 'allTaken', 'any'),
    fc.integer({ min: 1, max: 4 }).map((quorum): Join => ({ quorum })),
  ),
  fails: fc.boolean(),
  parents: fc.array(fc.record({ node: fc.nat(), port: fc.nat() }), { minLength: 1, maxLength: 4 }),
})

const spec = (index: number, { kind, join, fails }: { kind: string; join: Join; fails: boolean }): NodeSpec => {
  // A failure goes by the error port where that is connected, else on with null.
  const policy = { join, onError: 'continue' as const }
  if (kind === 'condition') return { type: 'condition', config: { expression: `trigger[${index}]` }, policy }
  if (kind === 'switch') {
    const cases = [
      { id: 'yes', when: `trigger[${index}]` },
      { id: 'same', when: `trigger[${index}]` },
    ]
    return { type: 'switch', config: { cases, mode: index % 2 === 0 ? 'all' : 'first' }, policy }
  }
  return kind === 'effect' ? { type: 'test.effect', config: { fails }, policy } : { type: 'noop', policy }
}

const portsOf = ({ kind }: { kind: string }): string[] => {
  if (kind === 'condition') return ['true', 'false']
  if (kind === 'switch') return ['yes', 'same', 'default']
  return kind === 'effect' ? ['out', 'error'] : ['out']
}

export interface RandomRun {
  readonly definition: Definition
  readonly input: boolean[]
  /** Whether any join depends on who comes first, so that inputs may differ with the order. */
  readonly races: boolean
}

/** Acyclic by construction: in-edges come from earlier nodes only. */
export const randomRun: fc.Arbitrary<RandomRun> = fc
  .record({
    nodes: fc.array(randomNode, { minLength: 1, maxLength: 14 }),
    input: fc.array(fc.boolean(), { minLength: 16, maxLength: 16 }),
  })
  .map(({ nodes, input }) => {
    const specs: Record<string, NodeSpec> = { start: manual }
    const edges = new Set<string>()
    const keys = ['start']
    const ports = [['out']]
    for (const [index, node] of nodes.entries()) {
      const key = `n${index}`
      specs[key] = spec(index, node)
      for (const { node: parent, port } of node.parents) {
        const from = parent % keys.length
        const own = ports[from] ?? ['out']
        edges.add(`${keys[from]}:${own[port % own.length]} -> ${key}`)
      }
      keys.push(key)
      ports.push(portsOf(node))
    }
    const races = nodes.some(({ join }) => join === 'any' || typeof join === 'object')
    return { definition: define(specs, [...edges]), input, races }
  })

/** Carries a run to its end; `pick` chooses which of the scheduled attempts ends next. */
export const carryToEnd = ({ definition, input }: RandomRun, pick: (choices: number) => number, slots = 0): PureRun => {
  const run = pureRun(definition, { input, slots })
  for (let steps = 0; run.state.phase !== 'ended'; steps += 1) {
    if (steps > 1_000) throw new Error('the run does not end')
    const ready = [...valuesOf(run.state.nodes)].filter(({ status }) => status === 'scheduled' || status === 'running')
    const chosen = ready[pick(ready.length)]
    if (chosen === undefined) throw new Error('nothing is in flight, and the run has not ended')
    if (chosen.status === 'scheduled') {
      run.slots = 1
      run.do((state, plan, env) => decideClaim(state, plan, env, [chosen.nodeId]))
      run.slots = slots
    }
    const attempt = run.node(chosen.key)?.attempts ?? 1
    const fails = definition.nodes.find(({ id }) => id === chosen.nodeId)?.config.fails === true
    const error = { class: 'test', code: 'bad_luck', message: chosen.key }
    run.do((state, plan, env) =>
      decideOutcome(
        state,
        plan,
        env,
        { nodeId: chosen.nodeId, attempt },
        fails ? { kind: 'failed', error } : { kind: 'completed', output: chosen.key, ports: ['out'] },
      ),
    )
  }
  return run
}

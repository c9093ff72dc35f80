import type { Definition } from '../../src/domain/definition.js'
import type { JsonValue } from '../../src/domain/json.js'
import {
  define,
  idOf,
  manual,
  type NodeSpec,
  noop,
  transform,
  transformChain,
} from '../../test/support/execution/definitions.js'

export interface Workload {
  readonly name: string
  readonly definition: Definition
  /** The workflow that it starts, as `child`. */
  readonly child?: Definition
  readonly input: JsonValue
  readonly clients: number
  readonly runs: number
  /** Needs the node type that exists for this bench only, so it can't be run over HTTP. */
  readonly benchOnly?: boolean
}

const keysOf = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => `${prefix}${index + 1}`)
const inARow = (keys: readonly string[], from: string) =>
  keys.map((key, index) => `${keys[index - 1] ?? from} -> ${key}`)
const allOf = (keys: readonly string[], node: NodeSpec) => Object.fromEntries(keys.map((key) => [key, node]))

const effects = keysOf('e', 5)
const branches = keysOf('b', 50)
const steps = keysOf('s', 11)
const child = transformChain(3)

const withChild = (): Definition =>
  define(
    {
      start: manual,
      ...allOf(steps, noop),
      sub: { type: 'subworkflow', config: { workflowId: idOf('child') } },
      last: noop,
    },
    [...inARow(steps, 'start'), 's11 -> sub', 'sub -> last'],
  )

/** The workloads of the figures. `scale` is the part of the full number of runs. */
export const workloads = (scale: number): Workload[] => {
  const runs = (full: number) => Math.max(2, Math.round(full * scale))
  const chain = transformChain(5)
  return [
    { name: 'chain of 5 pure nodes, 64 at once', definition: chain, input: { n: 0 }, clients: 64, runs: runs(20_000) },
    { name: 'chain of 5 pure nodes, one at a time', definition: chain, input: { n: 0 }, clients: 1, runs: runs(1_000) },
    {
      name: 'chain of 5 side effects, 64 at once',
      definition: define({ start: manual, ...allOf(effects, { type: 'test.effect' }) }, inARow(effects, 'start')),
      input: { n: 0 },
      clients: 64,
      runs: runs(6_000),
      benchOnly: true,
    },
    {
      name: 'fan-out to 50 branches and a join',
      definition: define(
        { start: manual, ...allOf(branches, transform({ n: '{{ input.n + 1 }}' })), join: { type: 'merge' } },
        [...branches.map((key) => `start -> ${key}`), ...branches.map((key) => `${key} -> join`)],
      ),
      input: { n: 0 },
      clients: 64,
      runs: runs(2_000),
    },
    {
      name: '13 steps with a sub-workflow',
      definition: withChild(),
      child,
      input: { n: 0 },
      clients: 64,
      runs: runs(4_000),
    },
    {
      name: 'chain of 5 with 45 kB of input',
      definition: chain,
      input: { n: 0, text: 'x'.repeat(45_000) },
      clients: 64,
      runs: runs(3_000),
    },
    {
      name: 'map over 1,000 items',
      definition: define(
        {
          start: manual,
          each: { type: 'map', config: { items: '{{ input }}', workflowId: idOf('child'), maxConcurrency: 64 } },
        },
        ['start -> each'],
      ),
      child,
      input: Array.from({ length: 1_000 }, (_, n) => ({ n })),
      clients: 1,
      runs: runs(5),
    },
  ]
}

import { condition, define, idOf, manual, transform } from '../../support/execution/definitions.js'
import type { CorpusRun } from '../corpusRun.js'
import { chainOf, effect, signal } from './parts.js'

const child = chainOf({ e: effect(), t: transform({ got: '{{ input }}' }) })
const failingChild = chainOf({ f: { type: 'fail', config: { code: 'no', message: 'no' } } })
/** Fails for 2, else gives back what it got. */
const pickyChild = define(
  {
    start: manual,
    c: condition('input == 2'),
    f: { type: 'fail', config: { code: 'no', message: 'no' } },
    t: transform('{{ input }}'),
  },
  ['start -> c', 'c:true -> f', 'c:false -> t'],
)

export const children: readonly CorpusRun[] = [
  {
    name: 'subworkflow',
    definition: chainOf({ sub: { type: 'subworkflow', config: { workflowId: idOf('child') } }, b: effect() }),
    children: { child },
    outcome: 'completed',
    output: 'b',
  },
  {
    name: 'subworkflow that fails',
    definition: chainOf({
      sub: { type: 'subworkflow', config: { workflowId: idOf('failingChild') }, policy: { onError: 'continue' } },
      b: effect(),
    }),
    children: { failingChild },
    outcome: 'completed',
    output: 'b',
  },
  {
    name: 'subworkflow that takes no more runs',
    definition: chainOf({ sub: { type: 'subworkflow', config: { workflowId: idOf('limitedChild') } } }),
    children: { limitedChild: chainOf({ e: effect() }, { concurrency: { limit: 1, whenFull: 'reject' } }) },
    outcome: 'completed',
    output: 'e',
  },
  {
    name: 'map',
    definition: chainOf({
      m: { type: 'map', config: { items: '{{ input }}', workflowId: idOf('child'), maxConcurrency: 2 } },
    }),
    children: { child },
    input: [1, 2, 3],
    outcome: 'completed',
    output: [{ got: 'e' }, { got: 'e' }, { got: 'e' }],
  },
  {
    name: 'map over costly items',
    definition: chainOf({
      m: {
        type: 'map',
        config: { items: '{{ input.filter(x, input.exists(y, y > x)) }}', workflowId: idOf('child') },
      },
    }),
    children: { child },
    input: [1, 2, 3],
    outcome: 'completed',
    output: [{ got: 'e' }, { got: 'e' }],
  },
  {
    name: 'subworkflow longer than the policy allows',
    definition: chainOf({
      sub: {
        type: 'subworkflow',
        config: { workflowId: idOf('endlessChild') },
        policy: { timeoutMs: 20, onError: 'continue' },
      },
      b: effect(),
    }),
    children: { endlessChild: chainOf({ s: signal('never') }) },
    outcome: 'completed',
    output: 'b',
  },
  {
    name: 'map that tolerates a failure',
    definition: chainOf({
      m: {
        type: 'map',
        config: { items: '{{ input }}', workflowId: idOf('pickyChild'), input: '{{ item }}', toleratedFailures: 1 },
      },
    }),
    children: { pickyChild },
    input: [1, 2, 3],
    outcome: 'completed',
    output: [1, null, 3],
  },
  {
    name: 'map with too many failures',
    definition: define(
      {
        start: manual,
        m: { type: 'map', config: { items: '{{ input }}', workflowId: idOf('pickyChild'), maxConcurrency: 2 } },
        rescue: effect(),
      },
      ['start -> m', 'm:error -> rescue'],
    ),
    children: { pickyChild },
    input: [1, 2, 3],
    outcome: 'completed',
    output: 'rescue',
  },
]

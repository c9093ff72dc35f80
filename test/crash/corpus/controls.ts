import { define, idOf, manual } from '../../support/execution/definitions.js'
import { stepOf } from '../../support/execution/runEngine.js'
import type { CorpusRun } from '../corpusRun.js'
import { chainOf, controlling, effect, is, sending, signal } from './parts.js'

export const controls: readonly CorpusRun[] = [
  {
    name: 'cancel',
    definition: chainOf({ a: effect(), s: signal('never') }),
    actions: [controlling('cancel', is('s', 'waiting'))],
    outcome: 'cancelled',
  },
  {
    name: 'cancel with a child',
    definition: chainOf({ sub: { type: 'subworkflow', config: { workflowId: idOf('waitingChild') } } }),
    children: { waitingChild: chainOf({ s: signal('never') }) },
    actions: [controlling('cancel', is('sub', 'waiting'))],
    outcome: 'cancelled',
  },
  {
    name: 'pause and resume',
    definition: chainOf({ s: signal('go'), a: effect(), b: effect() }),
    actions: [
      controlling('pause', (state) => !state.paused && is('s', 'waiting')(state) && state.signals.length === 0),
      { ...sending('go', 's', 1), when: (state) => state.paused && state.signals.length === 0 },
      controlling('resume', (state) => state.paused && state.signals.length === 1),
    ],
    outcome: 'completed',
    output: 'b',
  },
  {
    name: 'retry of a failed run',
    definition: chainOf({ a: effect(), b: effect({ failUntil: 2 }), c: effect() }),
    actions: [controlling('retry', (state) => state.outcome === 'failed')],
    outcome: 'completed',
    output: 'c',
  },
  {
    name: 'retry of a failed run beside a step that holds its doubts',
    definition: define({ start: manual, b: effect({ failUntil: 2 }), a: effect({ inDoubt: 'hold' }) }, [
      'start -> b',
      'start -> a',
    ]),
    actions: [controlling('retry', (state) => state.outcome === 'failed')],
    outcome: 'completed',
    output: { a: 'a', b: 'b' },
  },
  { name: 'timeout of the run', definition: chainOf({ s: signal('never') }, { timeoutMs: 40 }), outcome: 'timedOut' },
  {
    name: 'cancel with an attempt in flight',
    definition: define({ start: manual, a: effect({ hang: true }), s: signal('never') }, ['start -> a', 'start -> s']),
    actions: [controlling('cancel', (state) => stepOf(state, 'a') !== undefined && state.ending === undefined)],
    outcome: 'cancelled',
    loose: ['a'],
  },
  {
    name: 'timeout of the run with an attempt in flight',
    definition: define({ start: manual, a: effect({ hang: true }), s: signal('never') }, ['start -> a', 'start -> s'], {
      timeoutMs: 40,
    }),
    outcome: 'timedOut',
    loose: ['a'],
  },
]

import { define, manual, noop } from '../../support/execution/definitions.js'
import type { CorpusRun } from '../corpusRun.js'
import { chainOf, delay, effect, is, retry, sending, signal } from './parts.js'

export const waits: readonly CorpusRun[] = [
  { name: 'delay', definition: chainOf({ d: delay(0.02), a: effect() }), outcome: 'completed', output: 'a' },
  {
    name: 'signal',
    definition: chainOf({ a: effect(), s: signal('go'), b: noop }),
    actions: [sending('go', 's', { yes: true })],
    outcome: 'completed',
    output: { yes: true },
  },
  {
    name: 'signal that does not come',
    definition: define({ start: manual, s: signal('go', { timeoutSeconds: 0.02 }), late: effect() }, [
      'start -> s',
      's:timeout -> late',
    ]),
    outcome: 'completed',
    output: 'late',
  },
  {
    name: 'wait longer than the policy allows',
    definition: chainOf({ s: { ...signal('go'), policy: { timeoutMs: 20, onError: 'continue' } }, b: effect() }),
    outcome: 'completed',
    output: 'b',
  },
  {
    name: 'costly wait that is too long, tried again',
    definition: chainOf({
      s: {
        ...signal('go-{{ size(input.filter(x, input.exists(y, y > x))) }}', { timeoutSeconds: 0.02 }),
        policy: { retry: { ...retry, maxAttempts: 2 }, onError: 'continue' },
      },
      b: effect(),
    }),
    input: [1, 2],
    outcome: 'completed',
    output: 'b',
  },
  {
    name: 'delay until a time',
    definition: chainOf({
      d: { type: 'delay', config: { until: '{{ timestamp(execution.startedAt) + duration("0.02s") }}' } },
      a: effect(),
    }),
    outcome: 'completed',
    output: 'a',
  },
  {
    name: 'signal that comes before its wait',
    definition: chainOf({ d: delay(0.05), s: signal('go'), b: noop }),
    actions: [{ ...sending('go', 's', 'early'), when: (state) => !is('s', 'completed')(state) }],
    outcome: 'completed',
    output: 'early',
  },
  {
    name: 'error port of a wait',
    definition: define({ start: manual, s: signal('go', { timeoutSeconds: 0.02 }), late: effect() }, [
      'start -> s',
      's:error -> late',
    ]),
    outcome: 'completed',
    output: 'late',
  },
]

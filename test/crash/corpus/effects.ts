import { define, manual, noop, transform } from '../../support/execution/definitions.js'
import type { CorpusRun } from '../corpusRun.js'
import { chainOf, effect, http } from './parts.js'

export const effects = (url: string): CorpusRun[] => [
  { name: 'one effect', definition: chainOf({ a: effect() }), outcome: 'completed', output: 'a' },
  {
    name: 'chain of effects',
    definition: chainOf({ a: effect(), b: effect(), c: effect() }),
    outcome: 'completed',
    output: 'c',
  },
  {
    name: 'effect held in doubt',
    definition: chainOf({ a: effect({}, { inDoubt: 'hold' }), b: noop }),
    outcome: 'completed',
    output: 'a',
  },
  {
    name: 'effect whose type holds',
    definition: chainOf({ a: effect({ inDoubt: 'hold' }) }),
    outcome: 'completed',
    output: 'a',
  },
  {
    name: 'effect retried in doubt',
    definition: chainOf({ a: effect({ inDoubt: 'hold' }, { inDoubt: 'retry' }) }),
    outcome: 'completed',
    output: 'a',
  },
  {
    name: 'timeout of an attempt',
    definition: chainOf({ a: effect({ hang: true }, { timeoutMs: 20, onError: 'continue' }), b: effect() }),
    outcome: 'completed',
    output: 'b',
  },
  {
    name: 'GET over HTTP',
    definition: chainOf({ h: http(`${url}/get`, 'GET'), t: transform({ status: '{{ input.status }}' }) }),
    outcome: 'completed',
    output: { status: 200 },
  },
  {
    name: 'POST over HTTP, held in doubt',
    definition: chainOf({ h: http(`${url}/post`, 'POST'), t: transform({ done: 'yes' }) }),
    outcome: 'completed',
    output: { done: 'yes' },
  },
  {
    name: 'code',
    definition: chainOf({ c: { type: 'code', config: { source: 'return input.n * 2' } } }),
    input: { n: 21 },
    outcome: 'completed',
    output: 42,
  },
  {
    name: 'POST over HTTP, retried in doubt',
    definition: chainOf({ h: http(`${url}/post`, 'POST', { inDoubt: 'retry' }), t: transform({ done: 'yes' }) }),
    outcome: 'completed',
    output: { done: 'yes' },
  },
  {
    name: 'error port of a request',
    definition: define(
      {
        start: manual,
        h: { type: 'http.request', config: { url: `${url}/get`, successStatus: [204] } },
        rescue: effect(),
      },
      ['start -> h', 'h:error -> rescue', 'h -> rescue'],
    ),
    outcome: 'completed',
    output: 'rescue',
    loose: ['h'],
  },
  {
    name: 'code that does not end',
    definition: chainOf({
      c: { type: 'code', config: { source: 'while (true) {}', timeoutMs: 20 }, policy: { onError: 'continue' } },
      b: effect(),
    }),
    outcome: 'completed',
    output: 'b',
    loose: ['c'],
  },
]

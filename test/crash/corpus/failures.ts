import { condition, define, manual, noop } from '../../support/execution/definitions.js'
import type { CorpusRun } from '../corpusRun.js'
import { chainOf, effect, resolving, retry } from './parts.js'

export const failures: readonly CorpusRun[] = [
  {
    name: 'fail',
    definition: chainOf({ a: effect(), f: { type: 'fail', config: { code: 'nope', message: 'no' } } }),
    outcome: 'failed',
  },
  {
    name: 'retries that succeed',
    definition: chainOf({ a: effect({ failUntil: 3 }, { retry }) }),
    outcome: 'completed',
    output: 'a',
  },
  {
    name: 'retries that run out',
    definition: chainOf({ a: effect({ failUntil: 99 }, { retry: { ...retry, maxAttempts: 2 }, onError: 'failRun' }) }),
    outcome: 'failed',
  },
  {
    name: 'retry only on a code',
    definition: chainOf({
      a: effect({ failUntil: 99 }, { retry: { ...retry, retryOn: ['other'] }, onError: 'continue' }),
      b: effect(),
    }),
    outcome: 'completed',
    output: 'b',
  },
  {
    name: 'error port',
    definition: define({ start: manual, a: effect({ failUntil: 99 }), b: noop, rescue: effect() }, [
      'start -> a',
      'a -> b',
      'a:error -> rescue',
    ]),
    outcome: 'completed',
    output: 'rescue',
  },
  {
    name: 'held, completed by hand',
    definition: chainOf({ a: effect({ failUntil: 99 }, { onError: 'hold' }), b: noop }),
    actions: [resolving('a', 'complete', 'by hand')],
    outcome: 'completed',
    output: 'by hand',
  },
  {
    name: 'held, skipped by hand',
    definition: chainOf({ a: effect({ failUntil: 99 }, { onError: 'hold' }), b: noop }),
    actions: [resolving('a', 'skip')],
    outcome: 'completed',
    output: null,
  },
  {
    name: 'held, failed by hand',
    definition: chainOf({ a: effect({ failUntil: 99 }, { onError: 'hold' }) }),
    actions: [resolving('a', 'fail')],
    outcome: 'failed',
  },
  {
    name: 'held, tried again',
    definition: chainOf({ a: effect({ failUntil: 2 }, { onError: 'hold' }) }),
    actions: [resolving('a', 'retry')],
    outcome: 'completed',
    output: 'a',
  },
  {
    name: 'no retry on a code',
    definition: chainOf({ a: effect({ failUntil: 99 }, { retry: { ...retry, doNotRetryOn: ['not_yet'] } }) }),
    outcome: 'failed',
  },
  {
    name: 'held condition, completed by its port',
    definition: define(
      { start: manual, c: { ...condition('input.none'), policy: { onError: 'hold' } }, yes: effect(), no: effect() },
      ['start -> c', 'c:true -> yes', 'c:false -> no'],
    ),
    input: {},
    actions: [resolving('c', 'complete', true)],
    outcome: 'completed',
    output: 'yes',
  },
]

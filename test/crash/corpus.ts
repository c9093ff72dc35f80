import type { Policy } from '../../src/domain/definition.js'
import type { ExecutionState } from '../../src/domain/execution/executionState.js'
import type { JsonObject, JsonValue } from '../../src/domain/json.js'
import {
  condition,
  define,
  idOf,
  manual,
  type NodeSpec,
  noop,
  transform,
  transformChain,
} from '../support/execution/definitions.js'
import { stepOf } from '../support/execution/runEngine.js'
import type { CorpusAction, CorpusRun } from './corpusRun.js'

const effect = (config: JsonObject = {}, policy: Policy = {}): NodeSpec => ({ type: 'test.effect', config, policy })
const delay = (seconds: number): NodeSpec => ({ type: 'delay', config: { seconds } })
const signal = (name: string, config: JsonObject = {}): NodeSpec => ({ type: 'signal', config: { name, ...config } })
const http = (url: string, method: string, policy: Policy = {}): NodeSpec => ({
  type: 'http.request',
  config: { url, method, ...(method === 'POST' ? { body: { n: 1 } } : {}) },
  policy,
})
const retry = { maxAttempts: 3, initialMs: 5, factor: 1, maxMs: 5, jitter: 0 }

const is = (key: string, status: string) => (state: ExecutionState) => stepOf(state, key)?.status === status
const sending = (name: string, node: string, payload: JsonValue): CorpusAction => ({
  label: `signal ${name} to ${node}`,
  when: is(node, 'waiting'),
  act: (engine, context, executionId) =>
    engine.commands.signal(context, { executionId, name, payload, dedupeId: node }),
})
const resolving = (
  node: string,
  action: 'retry' | 'complete' | 'skip' | 'fail',
  output: JsonValue = null,
): CorpusAction => ({
  label: `${action} ${node}`,
  when: is(node, 'held'),
  act: (engine, context, executionId) =>
    engine.commands.resolveStep(context, {
      executionId,
      nodeId: idOf(node),
      action,
      output,
      reason: 'the corpus says so',
    }),
})
const controlling = (operation: 'cancel' | 'pause' | 'resume' | 'retry', when: CorpusAction['when']): CorpusAction => ({
  label: operation,
  when,
  act: (engine, context, executionId) => engine.commands[operation](context, { executionId }),
})

const chainOf = (specs: Record<string, NodeSpec>, settings = {}) => {
  const keys = Object.keys(specs)
  return define(
    { start: manual, ...specs },
    keys.map((key, index) => `${keys[index - 1] ?? 'start'} -> ${key}`),
    settings,
  )
}
const child = chainOf({ e: effect(), t: transform({ got: '{{ input }}' }) })
const failingChild = chainOf({ f: { type: 'fail', config: { code: 'no', message: 'no' } } })

/** At least 30 runs with every node type and every policy. `url`: a server that answers with what it was asked. */
export const corpus = (url: string): CorpusRun[] => [
  { name: 'pure chain', definition: transformChain(5), input: { n: 0 }, outcome: 'completed', output: { n: 5 } },
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
    name: 'condition and skipped branch',
    definition: define({ start: manual, c: condition('input.n > 1'), yes: effect(), no: effect() }, [
      'start -> c',
      'c:true -> yes',
      'c:false -> no',
    ]),
    input: { n: 2 },
    outcome: 'completed',
    output: 'yes',
  },
  {
    name: 'switch to the first case',
    definition: define(
      {
        start: manual,
        s: {
          type: 'switch',
          config: {
            cases: [
              { id: 'a', when: 'input == 1' },
              { id: 'b', when: 'true' },
            ],
          },
        },
        a: effect(),
        b: effect(),
      },
      ['start -> s', 's:a -> a', 's:b -> b'],
    ),
    input: 2,
    outcome: 'completed',
    output: 'b',
  },
  {
    name: 'switch to all cases, and a merge',
    definition: define(
      {
        start: manual,
        s: {
          type: 'switch',
          config: {
            mode: 'all',
            cases: [
              { id: 'a', when: 'true' },
              { id: 'b', when: 'true' },
            ],
          },
        },
        a: effect(),
        b: effect(),
        m: { type: 'merge' },
      },
      ['start -> s', 's:a -> a', 's:b -> b', 'a -> m', 'b -> m'],
    ),
    outcome: 'completed',
    output: { a: 'a', b: 'b' },
  },
  {
    name: 'join of all taken, skipped',
    definition: define(
      {
        start: manual,
        c: condition('false'),
        a: effect(),
        m: { type: 'merge', policy: { join: 'allTaken' } },
        end: effect(),
      },
      ['start -> c', 'start -> a', 'c:true -> m', 'a -> m', 'a -> end'],
    ),
    outcome: 'completed',
    output: 'end',
  },
  {
    name: 'join of any',
    definition: define({ start: manual, a: effect(), b: effect(), m: transform({ done: 'yes' }), end: noop }, [
      'start -> a',
      'start -> b',
      'a -> m',
      'b -> m',
      'm -> end',
    ]),
    outcome: 'completed',
    output: { done: 'yes' },
  },
  {
    name: 'quorum of two',
    definition: define(
      {
        start: manual,
        a: effect(),
        b: effect(),
        c: effect(),
        q: { ...transform({ done: 'two' }), policy: { join: { quorum: 2 } } },
      },
      ['start -> a', 'start -> b', 'start -> c', 'a -> q', 'b -> q', 'c -> q'],
    ),
    outcome: 'completed',
    output: { done: 'two' },
  },
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
    definition: chainOf({ a: effect({ failUntil: 99 }, { retry: { ...retry, maxAttempts: 2 } }) }),
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
    name: 'timeout of an attempt',
    definition: chainOf({ a: effect({ hang: true }, { timeoutMs: 20, onError: 'continue' }), b: effect() }),
    outcome: 'completed',
    output: 'b',
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
    name: 'webhook trigger',
    definition: define({ start: manual, hook: { type: 'trigger.webhook', config: { path: 'x' } }, a: effect() }, [
      'hook -> a',
      'start -> a',
    ]),
    trigger: 'hook',
    input: { body: 1 },
    outcome: 'completed',
    output: 'a',
  },
  {
    name: 'schedule trigger',
    definition: define({ clock: { type: 'trigger.schedule', config: { cron: '0 0 1 1 *' } }, a: effect() }, [
      'clock -> a',
    ]),
    trigger: 'clock',
    outcome: 'completed',
    output: 'a',
  },
  {
    name: 'concurrency limit',
    definition: chainOf({ a: effect() }, { concurrency: { limit: 1, whenFull: 'queue' } }),
    outcome: 'completed',
    output: 'a',
  },
]

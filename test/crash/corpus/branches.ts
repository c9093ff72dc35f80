import { condition, define, manual, noop, transform, transformChain } from '../../support/execution/definitions.js'
import type { CorpusRun } from '../corpusRun.js'
import { effect } from './parts.js'

export const branches: readonly CorpusRun[] = [
  { name: 'pure chain', definition: transformChain(5), input: { n: 0 }, outcome: 'completed', output: { n: 5 } },
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
    definition: define(
      {
        start: manual,
        a: effect(),
        b: effect(),
        m: { ...transform({ done: 'yes' }), policy: { join: 'any' } },
        end: noop,
      },
      ['start -> a', 'start -> b', 'a -> m', 'b -> m', 'm -> end'],
    ),
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
    name: 'join of all, where one in-edge is dead',
    definition: define(
      { start: manual, c: condition('false'), a: effect(), m: { type: 'merge', policy: { join: 'all' } } },
      ['start -> c', 'start -> a', 'c:true -> m', 'a -> m'],
    ),
    outcome: 'completed',
    output: 'a',
  },
  {
    name: 'quorum that can not be reached',
    definition: define(
      {
        start: manual,
        c: condition('false'),
        a: effect(),
        q: { type: 'merge', policy: { join: { quorum: 2 } } },
        end: effect(),
      },
      ['start -> c', 'start -> a', 'c:true -> q', 'a -> q', 'a -> end'],
    ),
    outcome: 'completed',
    output: 'end',
  },
  {
    name: 'switch to its default',
    definition: define(
      {
        start: manual,
        s: { type: 'switch', config: { cases: [{ id: 'a', when: 'input == 1' }] } },
        a: effect(),
        other: effect(),
      },
      ['start -> s', 's:a -> a', 's:default -> other'],
    ),
    input: 2,
    outcome: 'completed',
    output: 'other',
  },
  {
    name: 'costly condition',
    definition: define(
      {
        start: manual,
        c: condition('size(input.filter(x, input.exists(y, y > x))) == 2'),
        yes: effect(),
        no: effect(),
      },
      ['start -> c', 'c:true -> yes', 'c:false -> no'],
    ),
    input: [1, 2, 3],
    outcome: 'completed',
    output: 'yes',
  },
]

import { describe, expect, it } from 'vitest'
import type { Join } from '../../../src/domain/definition.js'
import {
  condition,
  define,
  idOf,
  manual,
  noop,
  transform,
  transformChain,
} from '../../support/execution/definitions.js'
import { pureRun, typesOf } from '../../support/execution/pureRun.js'

/** `start -> a, b, c` where each is a condition that lets its edge be taken or dead, and a join `j` behind them. */
const threeInto = (join: Join, taken: readonly boolean[]) =>
  pureRun(
    define(
      {
        start: manual,
        a: condition('input[0]'),
        b: condition('input[1]'),
        c: condition('input[2]'),
        j: { type: 'merge', policy: { join } },
      },
      ['start -> a', 'start -> b', 'start -> c', 'a:true -> j', 'b:true -> j', 'c:true -> j'],
    ),
    { input: [...taken] },
  )

describe('a join', () => {
  const cases: [Join, boolean[], string][] = [
    ['all', [true, true, true], 'completed'],
    ['all', [true, false, false], 'completed'],
    ['all', [false, false, false], 'skipped'],
    ['allTaken', [true, true, true], 'completed'],
    ['allTaken', [true, false, true], 'skipped'],
    ['any', [false, false, true], 'completed'],
    ['any', [false, false, false], 'skipped'],
    [{ quorum: 2 }, [true, false, true], 'completed'],
    [{ quorum: 2 }, [true, false, false], 'skipped'],
    [{ quorum: 4 }, [true, true, true], 'skipped'],
  ]
  it.each(cases)('%j of %j is %s', (join, taken, status) => {
    const run = threeInto(join, taken)
    expect(run.status('j')).toBe(status)
    expect(run.state.outcome).toBe('completed')
  })

  it('takes what its taken predecessors give, by their keys, in the order of its in-edges', () => {
    const run = pureRun(
      define({ start: manual, a: transform({ x: 1 }), b: transform({ x: 2 }), j: { type: 'merge' } }, [
        'start -> b',
        'start -> a',
        'a -> j',
        'b -> j',
      ]),
    )
    expect(run.node('j')?.output).toEqual({ a: { x: 1 }, b: { x: 2 } })
    expect(run.node('j')?.inputFrom).toEqual([idOf('a'), idOf('b')])
  })

  it('takes only what the first one gives where any is enough', () => {
    const run = threeInto('any', [true, true, true])
    expect(run.node('j')?.inputFrom).toEqual([idOf('a')])
  })
})

describe('a chain of pure nodes', () => {
  it('is one append of its nodes and two events', () => {
    const run = pureRun(transformChain(5), { input: { n: 0 } })
    expect(typesOf(run.events)).toEqual(['ExecutionStarted', ...Array(5).fill('NodeCompleted'), 'ExecutionCompleted'])
    expect(run.state.output).toEqual({ n: 5 })
  })
})

describe('a skipped node', () => {
  it('says which edges were dead and why, and takes what follows with it', () => {
    const run = pureRun(
      define({ start: manual, big: condition('input.n > 10'), yes: noop, after: noop, no: noop }, [
        'start -> big',
        'big:true -> yes',
        'yes -> after',
        'big:false -> no',
      ]),
      { input: { n: 3 } },
    )
    expect(run.status('no')).toBe('completed')
    expect(run.status('after')).toBe('skipped')
    const [dead] = run.node('yes')?.deadEdges ?? []
    expect(dead).toMatchObject({ sourceNodeId: idOf('big'), sourcePort: 'true', reason: 'portNotEmitted' })
    expect(dead?.decisions).toEqual([{ expression: 'input.n > 10', result: false, operands: { 'input.n': 3 } }])
    expect(run.node('after')?.deadEdges).toMatchObject([{ reason: 'sourceSkipped' }])
  })

  it('is also a node that nothing leads to, and what hangs on another trigger', () => {
    const run = pureRun(
      define(
        { start: manual, other: { type: 'trigger.webhook', config: { path: 'x' } }, a: noop, b: noop, lost: noop },
        ['start -> a', 'other -> b'],
      ),
    )
    expect(run.status('other')).toBe('skipped')
    expect(run.status('lost')).toBe('skipped')
    expect(run.node('b')?.deadEdges).toMatchObject([{ reason: 'triggerNotUsed' }])
    expect(run.state.output).toBeNull()
    expect(run.state.outputFrom).toEqual([idOf('a')])
  })
})

describe('the output of a run', () => {
  it('is an object by key where several terminal nodes ran', () => {
    const run = pureRun(
      define({ start: manual, a: transform({ x: 1 }), b: transform({ x: 2 }), c: noop }, [
        'start -> a',
        'start -> b',
        'a -> c',
      ]),
    )
    expect(run.state.output).toEqual({ b: { x: 2 }, c: { x: 1 } })
  })
})

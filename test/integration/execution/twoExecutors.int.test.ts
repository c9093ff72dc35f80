import { describe, expect, it } from 'vitest'
import { createInMemoryLog } from '../../../src/eventlog/inMemory/inMemoryLog.js'
import { define, manual } from '../../support/execution/definitions.js'
import { effect, eventTypes, useEngines, withEffect } from '../../support/execution/engines.js'
import { createRunEngine, stepOf } from '../../support/execution/runEngine.js'

const engineWith = useEngines()
const chain = define({ start: manual, a: effect({}, { timeoutMs: 40 }), b: effect({}, { timeoutMs: 40 }) }, [
  'start -> a',
  'a -> b',
])

describe('two executors on one log', () => {
  it('share the work without the help of a scan, and each attempt is made once', async () => {
    const log = createInMemoryLog()
    const made: string[] = []
    const worker = (name: string) =>
      engineWith({
        workflows: { w: chain },
        log,
        name,
        sole: false,
        concurrency: 2,
        scanMs: 3_600_000,
        nodeTypes: withEffect(async ({ executionId, nodeKey, attempt }) => {
          made.push(`${executionId}/${nodeKey}/${attempt}`)
          await new Promise((resolve) => setTimeout(resolve, 5))
          return name
        }),
      })
    const [one, two] = [worker('one'), worker('two')]
    const runs = await Promise.all(Array.from({ length: 30 }, () => one.start('w')))
    const states = await Promise.all(runs.map(({ executionId }) => two.end(executionId)))
    expect(states.every(({ outcome }) => outcome === 'completed')).toBe(true)
    expect(new Set(made).size).toBe(made.length)
    expect(made).toHaveLength(60)
    const executors = new Set(
      states.flatMap((state) =>
        ['a', 'b'].flatMap((key) => stepOf(state, key)?.history.map(({ executor }) => executor) ?? []),
      ),
    )
    expect([...executors].sort()).toEqual(['one', 'two'])
  })

  it('take over from each other when a lease is over', async () => {
    const log = createInMemoryLog()
    const death = new AbortController()
    const never = new Promise<never>(() => undefined)
    // Once it is dead none of its appends reaches the log: it claimed, and nobody hears of it again.
    const gone = createRunEngine({
      workflows: { w: chain },
      log,
      name: 'gone',
      sole: false,
      leaseGraceMs: 30,
      store: {
        append: (...args) => (death.signal.aborted ? never : log.append(...args)),
        readStream: log.readStream,
      },
      queue: { consume: (options) => log.consume({ ...options, signal: death.signal }) },
      nodeTypes: withEffect(() => never),
    })
    const { executionId } = await gone.start('w')
    death.abort()
    const other = engineWith({
      workflows: { w: chain },
      log,
      name: 'other',
      sole: false,
      scanMs: 20,
      nodeTypes: withEffect(async () => 'mine'),
    })
    const state = await other.end(executionId)
    expect(state.output).toBe('mine')
    expect(stepOf(state, 'a')?.history.map(({ executor, outcome }) => [executor, outcome])).toEqual([
      ['gone', 'inDoubt'],
      ['other', 'completed'],
    ])
    expect(eventTypes(other, executionId)).toContain('NodeInDoubt')
  })
})

import { describe, expect, it } from 'vitest'
import { createInMemoryLog, type InMemoryLog } from '../../../src/eventlog/inMemory/inMemoryLog.js'
import { noWork } from '../../support/execution/abortedAttempt.js'
import { define, manual } from '../../support/execution/definitions.js'
import { effect, useEngines, withEffect } from '../../support/execution/engines.js'

const engineWith = useEngines()
const limit = 2
const limited = (whenFull: 'queue' | 'reject') =>
  define({ start: manual, a: effect() }, ['start -> a'], { concurrency: { limit, whenFull } })

/** Processes that know nothing of each other but the log: no read models, and no scan after the first one. */
const processes = (log: InMemoryLog, whenFull: 'queue' | 'reject', run: () => Promise<string>) =>
  ['one', 'two', 'three'].map((name) =>
    engineWith({
      ...{ log, name, sole: false, openWork: noWork, scanMs: 3_600_000 },
      workflows: { w: limited(whenFull) },
      nodeTypes: withEffect(run),
    }),
  )

/** The most runs that were active at once, as the log tells it. */
const mostActive = (log: InMemoryLog): number => {
  const active = new Set<string>()
  let most = 0
  for (const { type, stream, data } of log.events) {
    if (type === 'ExecutionResumed' || (type === 'ExecutionStarted' && !(data as { queued: boolean }).queued))
      active.add(stream)
    if (type === 'ExecutionCompleted') active.delete(stream)
    most = Math.max(most, active.size)
  }
  return most
}

describe('a limit of runs over several processes', () => {
  it('is kept exactly, and every run has its turn', async () => {
    const log = createInMemoryLog()
    const engines = processes(log, 'queue', async () => {
      await new Promise((resolve) => setTimeout(resolve, 2))
      return 'done'
    })
    const started = await Promise.all(engines.flatMap((engine) => Array.from({ length: 8 }, () => engine.start('w'))))
    for (const { executionId } of started) expect((await engines[0]?.end(executionId))?.outcome).toBe('completed')
    expect(mostActive(log)).toBe(limit)
  })

  it('refuses what is too much, and knows at once of a place that a run has left', async () => {
    const log = createInMemoryLog()
    const waiting: (() => void)[] = []
    const [one, two] = processes(log, 'reject', () => new Promise((resolve) => waiting.push(() => resolve('done'))))
    if (one === undefined || two === undefined) throw new Error('there are two')
    const first = await one.start('w')
    const second = await one.start('w')
    await one.until(first.executionId, ({ phase }) => phase === 'active')
    await one.until(second.executionId, ({ phase }) => phase === 'active')
    await expect(one.start('w')).rejects.toMatchObject({ kind: 'tooMany', code: 'concurrency_limit' })
    await expect(two.start('w')).rejects.toMatchObject({ kind: 'tooMany', code: 'concurrency_limit' })
    for (const end of waiting.splice(0)) end()
    await one.end(first.executionId)
    const third = await one.start('w')
    await one.until(third.executionId, ({ phase }) => phase === 'active')
    for (const end of waiting.splice(0)) end()
    expect((await one.end(third.executionId)).outcome).toBe('completed')
  })

  it('is kept by a process that comes later, from what the log tells of the time before', async () => {
    const log = createInMemoryLog()
    const waiting: (() => void)[] = []
    const attempt = () => new Promise<string>((resolve) => waiting.push(() => resolve('done')))
    const [one] = processes(log, 'queue', attempt)
    if (one === undefined) throw new Error('there is one')
    const before = await Promise.all([one.start('w'), one.start('w'), one.start('w')])
    for (const { executionId } of before.slice(0, 2)) await one.until(executionId, ({ phase }) => phase === 'active')
    const [late] = processes(log, 'queue', attempt)
    if (late === undefined) throw new Error('there is one')
    const after = await late.start('w')
    expect(mostActive(log)).toBe(limit)
    const ended = [...before, after].map(({ executionId }) => late.end(executionId))
    const all = Promise.all(ended)
    for (let done = false; !done; ) {
      for (const end of waiting.splice(0)) end()
      done = await Promise.race([all.then(() => true), new Promise<false>((resolve) => setTimeout(resolve, 5, false))])
    }
    expect((await all).map(({ outcome }) => outcome)).toEqual(Array.from({ length: 4 }, () => 'completed'))
    expect(mostActive(log)).toBe(limit)
  })
})

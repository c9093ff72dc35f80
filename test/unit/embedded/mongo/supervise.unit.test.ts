import { expect, it } from 'vitest'
import { supervise } from '../../../../src/embedded/mongo/supervise.js'
import type { Thread } from '../../../../src/embedded/mongo/thread.js'

/** Threads that end when they are told to. */
const controlled = () => {
  const threads: { die: (reason: string) => void; stopped: boolean }[] = []
  let failures = 0
  const start = async (): Promise<Thread> => {
    if (failures-- > 0) throw new Error('no memory')
    let die = (_reason: string): void => undefined
    const ended = new Promise<string>((resolve) => {
      die = resolve
    })
    const state = { die, stopped: false }
    threads.push(state)
    return {
      ended,
      stop: async () => {
        state.stopped = true
        die('stopped')
      },
    }
  }
  return {
    threads,
    start,
    failNext: (times: number) => {
      failures = times
    },
  }
}

it('a thread that ends is started again, also when that fails at first, until it is stopped', async () => {
  const { threads, start, failNext } = controlled()
  const said: string[] = []
  const supervised = await supervise(start, (line) => said.push(line))
  failNext(1)
  threads[0]!.die('out of memory')
  await expect.poll(() => threads.length).toBe(2)
  expect(said).toEqual([
    'The embedded MongoDB server ended (out of memory) and is started again.',
    'The embedded MongoDB server could not be started again: Error: no memory',
  ])
  await supervised.stop()
  expect(threads.map(({ stopped }) => stopped)).toEqual([false, true])
})

it('a thread that can not be started at all is an error, not a loop', async () => {
  const { start, failNext } = controlled()
  failNext(1)
  await expect(supervise(start, () => undefined)).rejects.toThrow('no memory')
})

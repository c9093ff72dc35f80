import { expect, it } from 'vitest'
import { stopAll } from '../../../src/container/stopAll.js'

it('stops everything in order, one after the other, and then says what failed first', async () => {
  const calls: string[] = []
  const stop = (name: string, error?: Error) => async () => {
    calls.push(`${name} begins`)
    await new Promise((resolve) => setImmediate(resolve))
    calls.push(`${name} ends`)
    if (error !== undefined) throw error
  }
  const all = stopAll([stop('mongo', new Error('first')), stop('postgres', new Error('second')), stop('log')])
  await expect(all).rejects.toThrow('first')
  expect(calls).toEqual(['mongo', 'postgres', 'log'].flatMap((name) => [`${name} begins`, `${name} ends`]))
})

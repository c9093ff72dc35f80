import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { RecentRecords } from '../../../src/embedded/eventstore/log/recentRecords.js'
import { RecentIds } from '../../../src/embedded/eventstore/streams/recentIds.js'
import { collectGarbage } from '../../support/eventstore/garbage.js'

describe('recent ids', () => {
  test('are found with their last place', () => {
    const recent = new RecentIds()
    const ids = Array.from({ length: 20_000 }, () => randomUUID())
    for (const [index, id] of ids.entries()) recent.add(id, index + 1, index * 3)
    recent.add(ids[5] as string, 99, 2 ** 45)
    expect(recent.find(ids[5] as string)).toEqual({ streamId: 99, revision: 2 ** 45 })
    expect(ids.every((id, index) => index === 5 || recent.find(id)?.streamId === index + 1)).toBe(true)
    expect(recent.find(randomUUID())).toBeUndefined()
  })

  test('differ by any of their bits', () => {
    const recent = new RecentIds()
    const id = '00000000-0000-0000-0000-000000000000'
    recent.add(id, 1, 0)
    for (const at of [0, 9, 14, 19, 24, 35])
      expect(recent.find(`${id.slice(0, at)}1${id.slice(at + 1)}`)).toBeUndefined()
  })

  test('are bounded: the newest stay, the oldest go', () => {
    const recent = new RecentIds()
    const ids = Array.from({ length: 300_000 }, () => randomUUID())
    for (const id of ids) recent.add(id, 1, 1)
    expect(ids.slice(-65_000).every((id) => recent.find(id) !== undefined)).toBe(true)
    expect(recent.find(ids[0] as string)).toBeUndefined()
  })
})

describe('recent records', () => {
  test('are found by their position, the newest of them', () => {
    const recent = new RecentRecords()
    for (let position = 1; position <= 50_000; position++) recent.push(position, Buffer.from(String(position)))
    expect(recent.get(50_000)?.toString()).toBe('50000')
    expect(recent.get(40_000)?.toString()).toBe('40000')
    expect(recent.get(1)).toBeUndefined()
    expect(recent.get(50_001)).toBeUndefined()
  })

  test('are bounded by bytes', () => {
    const recent = new RecentRecords()
    for (let position = 10; position < 20; position++) recent.push(position, Buffer.alloc(1024 * 1024))
    expect([15, 16, 19].map((position) => recent.get(position) !== undefined)).toEqual([false, true, true])
  })

  test('forget what was removed', () => {
    const recent = new RecentRecords()
    for (let position = 1; position <= 3; position++) recent.push(position, Buffer.from('x'))
    recent.forget(2)
    recent.forget(77)
    expect([1, 2, 3].map((position) => recent.get(position) !== undefined)).toEqual([true, false, true])
  })

  test('hold nothing of those that are too old', async () => {
    const recent = new RecentRecords()
    const old = new WeakRef(pushLarge(recent, 1))
    for (let position = 2; position <= 6; position++) pushLarge(recent, position)
    expect(recent.get(1)).toBeUndefined()
    await collectGarbage()
    expect(old.deref()).toBeUndefined()
  })
})

function pushLarge(recent: RecentRecords, position: number): Buffer {
  const record = Buffer.alloc(1024 * 1024)
  recent.push(position, record)
  return record
}

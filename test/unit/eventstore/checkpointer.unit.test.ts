import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createCheckpointer } from '../../../src/embedded/eventstore/persistent/checkpointer.js'
import type { GroupSettings } from '../../../src/embedded/eventstore/persistent/groupSettings.js'

const settings = { checkpointAfter: 1_000, minCheckpointCount: 3, maxCheckpointCount: 5 } as GroupSettings

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function setUp(initial?: number) {
  const state = { progress: initial ?? -1, written: [] as number[], fail: false, release: () => {} }
  const write = async (order: number) => {
    if (state.fail) throw new Error('no room')
    state.written.push(order)
    await new Promise<void>((resolve) => {
      state.release = resolve
    })
  }
  const checkpointer = createCheckpointer(settings, initial, () => state.progress, write)
  const process = (count: number) => {
    for (let done = 0; done < count; done++) {
      state.progress++
      checkpointer.processed()
    }
  }
  return { state, checkpointer, process }
}

describe('progress is written', () => {
  test('when the time has come and enough was done', async () => {
    const { state, process, checkpointer } = setUp()
    process(2)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(state.written).toEqual([])
    process(1)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(state.written).toEqual([2])
    checkpointer.stop()
  })

  test('at once when much was done, and not for each message while that is being written', async () => {
    const { state, process, checkpointer } = setUp(9)
    process(5)
    await vi.advanceTimersByTimeAsync(0)
    expect(state.written).toEqual([14])
    process(100)
    await vi.advanceTimersByTimeAsync(0)
    expect(state.written).toEqual([14])
    state.release()
    await vi.advanceTimersByTimeAsync(1_000)
    expect(state.written).toEqual([14, 114])
    checkpointer.stop()
  })

  test('again after a failure, and never back', async () => {
    const { state, process, checkpointer } = setUp()
    state.fail = true
    process(5)
    await vi.advanceTimersByTimeAsync(0)
    expect(checkpointer.written).toBeUndefined()
    state.fail = false
    await vi.advanceTimersByTimeAsync(1_000)
    expect(state.written).toEqual([4])
    state.release()
    state.progress = 2
    await vi.advanceTimersByTimeAsync(5_000)
    expect(state.written).toEqual([4])
    checkpointer.stop()
  })
})

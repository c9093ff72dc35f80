import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { feedEvent } from '../../../src/projections/fold/decode.js'
import { intervalAfter, liveBatch } from '../../../src/projections/projector/liveBatch.js'
import type { BatchWriter } from '../../../src/projections/runner/batchWriter.js'
import { createEventQueue } from '../../../src/projections/runner/eventQueue.js'
import { createProjectionRunner } from '../../../src/projections/runner/projectionRunner.js'
import { envelope } from '../../support/projections/events.js'

/** A writer that takes no time and remembers how many events came when. */
const recordingWriter = () => {
  const batches: { at: number; events: number }[] = []
  let position: bigint | null = null
  const writer: BatchWriter = {
    get position() {
      return position
    },
    heldStreams: 0,
    open: async () => position,
    apply: async (events, to) => {
      batches.push({ at: performance.now(), events: events.length })
      position = to
      return { events: events.length, bytes: 0 }
    },
    release: () => Promise.reject(new Error('nothing is held')),
  }
  return { writer, batches }
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

it.each([
  { perSecond: 500, batch: 10 },
  { perSecond: 1_000, batch: 20 },
  { perSecond: 6_000, batch: 480 },
])('a log of $perSecond events a second is written in batches of about $batch', async ({ perSecond, batch }) => {
  const queue = createEventQueue(liveBatch.capacity)
  const { writer, batches } = recordingWriter()
  const runner = createProjectionRunner({
    writer,
    queue,
    batchSize: () => liveBatch.size,
    intervalAfter,
    idleMs: liveBatch.idleMs,
  })
  const controller = new AbortController()
  const run = runner.run(controller.signal)
  const event = envelope({ type: 'WorkflowArchived', data: {} })
  let position = 0
  for (let ms = 0; ms < 1_000; ms += 1) {
    for (; position < (ms * perSecond) / 1_000; position += 1) {
      queue.push(
        feedEvent({
          ...event,
          stream: 'workflow-1',
          revision: position,
          position: BigInt(position + 1),
          recordedAt: '',
        }),
      )
    }
    await vi.advanceTimersByTimeAsync(1)
  }
  controller.abort()
  await run
  const settled = batches.filter(({ at }) => at > 500)
  const average = settled.reduce((sum, { events }) => sum + events, 0) / settled.length
  expect(average).toBeGreaterThan(batch * 0.8)
  expect(average).toBeLessThan(batch * 1.2)
  expect(writer.position).toBeGreaterThan(position - 1.2 * batch)
})

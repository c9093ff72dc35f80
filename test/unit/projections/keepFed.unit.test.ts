import { v7 as uuidv7 } from 'uuid'
import { expect, it } from 'vitest'
import type { EventFeed } from '../../../src/eventlog/eventFeed.js'
import { createInMemoryLog } from '../../../src/eventlog/inMemory/inMemoryLog.js'
import { executionsProjection } from '../../../src/projections/definitions/executions.js'
import { placeOf } from '../../../src/projections/fold/decode.js'
import { createEventQueue } from '../../../src/projections/runner/eventQueue.js'
import { keepFed } from '../../../src/projections/runner/keepFed.js'
import { createTail } from '../../../src/projections/runner/tail.js'
import { append, pureRun } from '../../support/projections/events.js'
import { eventually } from '../../support/projections/harness.js'

const allPrefixes = ['execution-']

it('a queue that goes over from a subscription of its own to the tail misses nothing that comes meanwhile', async () => {
  const log = createInMemoryLog()
  const controller = new AbortController()
  const { signal } = controller
  await append(log, pureRun(uuidv7()))
  const tail = createTail({ feed: log, prefixes: allPrefixes, patienceMs: 500 })
  const tailRuns = tail.run(null, signal)
  const handedOn = () => eventually(() => tail.position === log.events.at(-1)?.position)
  await handedOn()
  // To close a subscription takes a while, as it does over a network; the log and the tail go on.
  const slow: EventFeed = {
    ...log,
    subscribe: async function* (options) {
      try {
        yield* log.subscribe(options)
      } finally {
        if (!signal.aborted) {
          await append(log, pureRun(uuidv7()))
          await handedOn()
        }
      }
    },
  }
  const queue = createEventQueue(1_000)
  let live = false
  const fed = keepFed(
    {
      projection: executionsProjection,
      queue,
      feed: slow,
      tail,
      allPrefixes,
      onLive: (now) => {
        live = now
      },
    },
    signal,
  )
  await eventually(() => live)
  await append(log, pureRun(uuidv7()))
  const last = (await append(log, pureRun(uuidv7()))).position
  await eventually(() => queue.horizon === last)
  const positions = queue.take(1_000, null).map((event) => placeOf(event).position)
  expect(positions).toEqual(log.events.slice(0, positions.length).map(({ position }) => position))
  expect(positions.at(-1)).toBe(last)
  controller.abort()
  await Promise.all([tailRuns, fed])
})

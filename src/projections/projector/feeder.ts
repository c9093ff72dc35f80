import type { EventFeed } from '../../eventlog/eventFeed.js'
import type { EventStore } from '../../eventlog/eventStore.js'
import { type BatchWriter, createBatchWriter } from '../runner/batchWriter.js'
import { catchUp } from '../runner/catchUp.js'
import { createEventQueue, type EventQueue } from '../runner/eventQueue.js'
import { keepFed } from '../runner/keepFed.js'
import { createProjectionRunner, type ProjectionRunner } from '../runner/projectionRunner.js'
import type { Tail } from '../runner/tail.js'
import type { GenerationRef, ReadModelStore } from '../store/projectionStore.js'
import { intervalAfter, liveBatch } from './liveBatch.js'
import { createMeter, type Meter } from './meter.js'

export interface FeederOptions {
  readonly ref: GenerationRef
  readonly store: ReadModelStore
  readonly feed: EventFeed
  readonly streams: Pick<EventStore, 'readStream'>
  readonly tail: Tail
  readonly allPrefixes: readonly string[]
  readonly announces: () => boolean
}

/** Keeps one generation up to date with the log. */
export interface Feeder {
  readonly ref: GenerationRef
  readonly runner: ProjectionRunner
  readonly writer: BatchWriter
  readonly queue: EventQueue
  readonly meter: Meter
  /** Fed by the tail: what it has not applied is a few milliseconds old. */
  readonly live: boolean
  /** Times that the subscription which feeds it, its own or the tail's, had to be made anew. */
  readonly reconnects: number
  /** Why it can't go on for the moment. */
  readonly error: Error | undefined
  /**
   * Makes sure that everything up to `position`, which is in the log already, is in the queue. A filtered subscription says
   * only now and then that nothing for it came; a fresh one says it as soon as it has caught up.
   */
  reach(position: bigint): Promise<void>
  /** Resolves when it was stopped; rejects with OwnershipLost and what else can't be mended by waiting. */
  readonly done: Promise<void>
  stop(): Promise<void>
}

export const startFeeder = async (options: FeederOptions, parent: AbortSignal): Promise<Feeder> => {
  const { ref, store, feed, streams, tail, allPrefixes, announces } = options
  const controller = new AbortController()
  const signal = AbortSignal.any([parent, controller.signal])
  const writer = createBatchWriter({ store, ref, streams, onPoison: 'putAside', announces })
  const queue = createEventQueue(liveBatch.capacity)
  const meter = createMeter()
  let live = false
  let reconnects = 0
  /** Of the tail, when it began to feed this one. */
  let tailReconnects = 0
  let stalled: Error | undefined
  let disconnected: Error | undefined

  const runner = createProjectionRunner({
    writer,
    queue,
    batchSize: () => (live ? liveBatch.size : liveBatch.catchUpSize),
    intervalAfter,
    idleMs: liveBatch.idleMs,
    onApplied: ({ events }) => {
      meter.add(events)
      stalled = undefined
    },
    onStalled: (error) => {
      stalled = error
    },
  })

  queue.reset(await writer.open())
  const fed = keepFed(
    {
      projection: ref.projection,
      queue,
      feed,
      tail,
      allPrefixes,
      onReconnect: (error) => {
        reconnects += 1
        disconnected = error
      },
      onLive: (now) => {
        if (live) reconnects += tail.reconnects - tailReconnects
        tailReconnects = tail.reconnects
        live = now
        if (now) disconnected = undefined
      },
    },
    signal,
  )
  const finish = async () => {
    try {
      await Promise.all([runner.run(signal), fed])
    } finally {
      controller.abort()
      await fed.catch(() => undefined)
      await store.close()
    }
  }
  const done = finish()
  // Whoever awaits `done` sees the error; nobody has to await it at once.
  done.catch(() => undefined)

  const reach = async (position: bigint) => {
    const there = () => queue.horizon !== null && queue.horizon >= position
    if (there()) return
    const { prefixes } = ref.projection
    // Beside the one that feeds it: both bring the same events in the same order, and what came before is ignored.
    await catchUp({ feed, prefixes, queue, done: (item) => there() || item.kind === 'caughtUp' }, signal)
    if (!signal.aborted) queue.advance(position)
  }

  return {
    ref,
    reach,
    runner,
    writer,
    queue,
    meter,
    get live() {
      return live
    },
    get reconnects() {
      return live ? reconnects + tail.reconnects - tailReconnects : reconnects
    },
    get error() {
      return stalled ?? (live ? tail.error : disconnected)
    },
    done,
    stop: async () => {
      controller.abort()
      await done.catch(() => undefined)
    },
  }
}

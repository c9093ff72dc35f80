import { createBatchWriter } from '../runner/batchWriter.js'
import { catchUp } from '../runner/catchUp.js'
import { createEventQueue } from '../runner/eventQueue.js'
import { createProjectionRunner } from '../runner/projectionRunner.js'
import type { GenerationRef } from '../store/projectionStore.js'
import type { RebuildContext } from './context.js'
import type { RebuildRow } from './rebuildRecords.js'

/** One large batch may wait while one is written; more would only be more for the garbage collector to carry around. */
const capacity = 2_000
const reportMs = 500

const secondsLeft = (done: bigint, left: bigint, elapsedMs: number): number | null =>
  done <= 0n ? null : (Number(left) / Number(done)) * (elapsedMs / 1_000)

/** Fills a generation from its own checkpoint up to where the log is live. Throws PoisonFound. */
export const replay = async (
  context: RebuildContext,
  row: RebuildRow,
  ref: GenerationRef,
  signal: AbortSignal,
): Promise<void> => {
  const { feed, streams, records, pace, projection } = context
  const store = context.openStore('rebuild')
  const controller = new AbortController()
  const running = AbortSignal.any([signal, controller.signal])
  const writer = createBatchWriter({
    store,
    ref,
    streams,
    onPoison: 'stop',
    announces: () => false,
  })
  const queue = createEventQueue(capacity)
  const endPace = pace.begin()
  let processed = row.processed
  let bytes = row.bytes

  try {
    const begin = await writer.open()
    queue.reset(begin)
    const runner = createProjectionRunner({
      writer,
      queue,
      batchSize: pace.batchSize,
      restAfter: pace.restAfter,
      // A batch that is not full waits for more: the log comes faster than it is written.
      intervalAfter: () => 20,
      idleMs: 1_000,
      onApplied: (applied) => {
        processed += BigInt(applied.events)
        bytes += BigInt(applied.bytes)
      },
      onStalled: (error) => {
        if (error !== undefined) context.log(`rebuild of ${projection.name}: ${error.message}`)
      },
    })
    const startedAt = performance.now()
    let first = row.first_position
    let lastProcessed = processed
    let lastReport = startedAt
    const report = async () => {
      // Where nothing waits to be applied it is as far as the log was read, however few of its events are for this projection.
      const position = queue.size === 0 ? queue.horizon : writer.position
      const now = performance.now()
      const rate = Number(processed - lastProcessed) / ((now - lastReport) / 1_000)
      lastProcessed = processed
      lastReport = now
      const target = row.target_position ?? position ?? 0n
      const from = begin ?? first ?? 0n
      await records.update(row.id, {
        position,
        first_position: first,
        processed,
        bytes,
        events_per_second: rate,
        eta_seconds:
          position === null
            ? null
            : secondsLeft(position - from, target > position ? target - position : 0n, now - startedAt),
      })
    }

    const unreported = (error: unknown) => context.log(`progress of a rebuild: ${String(error)}`)
    let reporting: Promise<void> = Promise.resolve()
    const timer = setInterval(() => {
      reporting = reporting.then(report).catch(unreported)
    }, reportMs)
    const run = runner.run(running)
    run.catch(() => controller.abort())
    try {
      await catchUp(
        {
          feed,
          prefixes: projection.prefixes,
          queue,
          done: (item) => {
            if (item.kind !== 'event') return item.kind === 'caughtUp'
            first ??= item.event.position
            return false
          },
          onReconnect: (error) => context.log(`rebuild of ${projection.name}: ${error.message}`),
        },
        running,
      )
      if (!running.aborted && queue.horizon !== null) (await runner.holdAt(queue.horizon)).resume()
    } finally {
      clearInterval(timer)
      controller.abort()
      await run
      await reporting
      // Where it is halted, too: what was replayed since the last report is not replayed again.
      await (signal.aborted ? report().catch(unreported) : report())
    }
  } finally {
    endPace()
    await store.close()
  }
}

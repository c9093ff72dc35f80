import type { EventFeed } from '../../eventlog/eventFeed.js'
import type { Projection } from '../model/projection.js'
import type { RebuildRow } from '../rebuild/rebuildRecords.js'
import type { OperationsContext } from './operationsContext.js'
import type { DryRun } from './projectionOperations.js'
import { overallRate } from './rebuildView.js'

export interface LogSample {
  readonly events: number
  readonly seconds: number
  /** Log positions that the sample went over, and that there are in all. */
  readonly covered: bigint
  readonly whole: bigint
}

const sampleEvents = 5_000
const sampleMs = 1_000

/** Reads the beginning of what the projection listens to, for a second at most. */
export const sampleLog = async (feed: EventFeed, projection: Projection): Promise<LogSample> => {
  const head = await feed.head()
  const started = performance.now()
  let events = 0
  let first: bigint | undefined
  let last = 0n
  for await (const item of feed.subscribe({ from: 'start', prefixes: projection.prefixes })) {
    if (item.kind === 'caughtUp') {
      last = head ?? last
      break
    }
    last = item.kind === 'event' ? item.event.position : item.position
    first ??= last
    if (item.kind === 'event') events += 1
    if (events >= sampleEvents || performance.now() - started > sampleMs) break
  }
  const begin = first ?? 0n
  return {
    events,
    seconds: (performance.now() - started) / 1_000,
    covered: last - begin,
    whole: head === null ? 0n : head - begin,
  }
}

/** Events in the whole log, by how many the sample had in its part. */
export const estimateEvents = ({ events, covered, whole }: LogSample): number =>
  covered <= 0n || whole <= covered ? events : Math.round(events * (Number(whole) / Number(covered)))

/** A rebuild of a few events says how long it takes to begin, not how fast it goes. */
const enoughEvents = 1_000n

/**
 * Events a second of a usual rebuild, with all that belongs to one; undefined where none tells. The median, because one that was
 * paused says nothing.
 */
export const usualRate = (rebuilds: readonly RebuildRow[]): number | undefined => {
  const rates = rebuilds
    .filter(({ state, processed }) => (state === 'swapped' || state === 'completed') && processed >= enoughEvents)
    .flatMap((row) => overallRate(row) ?? [])
    .sort((a, b) => a - b)
  return rates[Math.floor(rates.length / 2)]
}

/** What a rebuild would be, from the live generation, a sample of the log and earlier rebuilds. */
export const estimateRebuild = async (
  { feed, stores, records }: Pick<OperationsContext, 'feed' | 'stores' | 'records'>,
  projection: Projection,
): Promise<DryRun> => {
  const { name } = projection
  const generations = stores.generations(projection)
  const active = (await generations.list(projection)).find(({ state }) => state === 'active')
  const size =
    active === undefined ? { rows: 0, bytes: 0 } : await generations.size({ projection, generation: active.generation })
  const sample = await sampleLog(feed, projection)
  const events = estimateEvents(sample)
  // Writing costs about as much as reading where no earlier rebuild tells.
  const rate =
    usualRate(await records.ofProjection(name, 20)) ?? (sample.seconds > 0 ? (sample.events / sample.seconds) * 0.5 : 0)
  return {
    projection: name,
    ...size,
    estimatedEvents: events,
    estimatedSeconds: rate > 0 ? Math.round((events / rate) * 10) / 10 : 0,
  }
}

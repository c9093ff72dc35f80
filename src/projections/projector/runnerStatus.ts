import type { Projection } from '../model/projection.js'
import type { ProjectionState } from '../operations/projectionOperations.js'
import type { Feeder } from './feeder.js'

/** What the process that feeds a projection knows of it. */
export interface RunnerStatus {
  readonly projection: string
  readonly version: number
  readonly generation: number
  readonly state: ProjectionState
  readonly position: bigint | null
  /** Events received and not applied; while it catches up, an estimate by positions. */
  readonly lagEvents: number
  /** Age of the oldest event that is not applied, by the log's clock. */
  readonly lagMs: number
  readonly eventsPerSecond: number
  readonly reconnects: number
  readonly error: string | null
}

const distance = (head: bigint | null, position: bigint | null): number =>
  head === null || (position !== null && position >= head) ? 0 : Number(head - (position ?? 0n))

export const describeFeeder = (
  projection: Projection,
  generation: number,
  feeder: Feeder | undefined,
  rebuilding: boolean,
  head: bigint | null,
  isOtherVersion: boolean,
): RunnerStatus => {
  const base = { projection: projection.name, version: projection.version, generation }
  if (feeder === undefined) {
    const stalled = isOtherVersion && !rebuilding
    const state = rebuilding ? 'rebuilding' : stalled ? 'stalled' : 'catching_up'
    const error = stalled ? 'the live rows are of another version of the projection' : null
    return { ...base, state, position: null, lagEvents: 0, lagMs: 0, eventsPerSecond: 0, reconnects: 0, error }
  }
  const { queue, runner, live, error, meter, reconnects } = feeder
  const state = error !== undefined ? 'stalled' : rebuilding ? 'rebuilding' : live ? 'live' : 'catching_up'
  return {
    ...base,
    state,
    position: runner.position,
    lagEvents: live ? queue.size : Math.max(queue.size, distance(head, runner.position)),
    lagMs: queue.oldest === undefined ? 0 : Math.max(0, Date.now() - Date.parse(queue.oldest)),
    eventsPerSecond: meter.rate(),
    reconnects,
    error: error?.message ?? null,
  }
}

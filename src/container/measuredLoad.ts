import type { LoadGauges } from '../commands/executions/backPressure.js'
import type { ProjectionOperations } from '../projections/operations/projectionOperations.js'

/** How far the read models are behind, measured now and then, so that a start can look at it for nothing. */
export interface MeasuredLoad extends LoadGauges {
  start(): void
  stop(): void
}

const intervalMs = 1_000

export const createMeasuredLoad = (operations: Pick<ProjectionOperations, 'list'>): MeasuredLoad => {
  let lagMs = 0
  let timer: NodeJS.Timeout | undefined
  const measure = async () => {
    // A database that can't be asked is no reason to refuse starts: the log keeps them.
    const statuses = await operations.list().catch(() => [])
    lagMs = Math.max(0, ...statuses.map((status) => status.lagMs))
  }
  return {
    projectionLagMs: () => lagMs,
    queuedAttempts: () => 0,
    residentBytes: () => process.memoryUsage.rss(),
    start: () => {
      timer ??= setInterval(() => void measure(), intervalMs).unref()
    },
    stop: () => clearInterval(timer),
  }
}

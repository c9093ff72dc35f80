import { FlowledgerError } from '../../domain/errors.js'
import type { AdmitStart } from './startExecution.js'

/** What is measured of the load; each number is cheap to read. */
export interface LoadGauges {
  /** How far the read models are behind the log, in milliseconds. */
  readonly projectionLagMs: () => number
  /** Attempts that are claimed or wait for a place in this process. */
  readonly queuedAttempts: () => number
  readonly residentBytes: () => number
}

export interface LoadLimits {
  readonly projectionLagMs: number
  readonly queuedAttempts: number
  readonly residentBytes: number
}

export const defaultLoadLimits: LoadLimits = {
  projectionLagMs: 30_000,
  queuedAttempts: 50_000,
  residentBytes: 1_500 * 1024 * 1024,
}

/** How long a reading holds: starts are many, and the resident size is a system call. */
const readingMs = 250

/** Refuses starts while the process, or what follows it, is behind: slow death is worse than a clear answer. */
export const createBackPressure = (
  gauges: LoadGauges,
  limits: LoadLimits = defaultLoadLimits,
  monotonic: () => number = () => performance.now(),
): AdmitStart => {
  let readAt = Number.NEGATIVE_INFINITY
  let exceeded: keyof LoadLimits | undefined

  return () => {
    const now = monotonic()
    if (now - readAt >= readingMs) {
      readAt = now
      const names = ['projectionLagMs', 'queuedAttempts', 'residentBytes'] as const
      exceeded = names.find((name) => gauges[name]() > limits[name])
    }
    if (exceeded === undefined) return
    const details = { reason: exceeded, retryAfterSeconds: 2 }
    throw new FlowledgerError('unavailable', 'overloaded', 'Too much is waiting already; try again soon.', [], details)
  }
}

import { setTimeout as delay } from 'node:timers/promises'
import { FlowledgerError } from '../../domain/errors.js'
import { LogUnavailable } from '../../eventlog/eventStore.js'

export interface Pauses {
  readonly random: () => number
  readonly sleep: (milliseconds: number) => Promise<void>
}

export const realPauses: Pauses = { random: Math.random, sleep: (milliseconds) => delay(milliseconds) }

const repeats = 4
const firstPauseMs = 50

/** Full jitter, so that many who lost the same connection don't come back at once. */
export const pauseBefore = (attempt: number, random: () => number): number => random() * firstPauseMs * 2 ** attempt

/**
 * Calls again when the connection to the log was lost, a few times with growing pauses, then gives up with `log_unavailable`.
 * An append may be repeated so only with the same ids at the same expected revision.
 */
export const repeatWhileUnavailable = async <T>(
  operation: () => Promise<T>,
  { random, sleep }: Pauses = realPauses,
): Promise<T> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await operation()
    } catch (error) {
      if (!(error instanceof LogUnavailable)) throw error
      if (attempt > repeats) {
        throw new FlowledgerError('unavailable', 'log_unavailable', 'The event log can not be reached.')
      }
      await sleep(pauseBefore(attempt, random))
    }
  }
}

import { FlowledgerError } from '../domain/errors.js'
import { mayPass } from './tendRun.js'

/** Work that nobody waits for. What fails for a passing reason is found again by the scan. */
export interface BackgroundWork {
  begin(work: () => Promise<unknown>): void
  /** Begins nothing any more. */
  stop(): void
  /** Resolves when all that was begun has ended. */
  idle(): Promise<void>
}

export const createBackgroundWork = (unexpected: (error: unknown) => void): BackgroundWork => {
  const underWay = new Set<Promise<void>>()
  let stopped = false
  return {
    begin: (work) => {
      if (stopped) return
      const done = work()
        .then(() => undefined)
        .catch((error: unknown) => {
          const isGone = error instanceof FlowledgerError && error.code === 'execution_not_found'
          if (!mayPass(error) && !isGone) unexpected(error)
        })
        .finally(() => underWay.delete(done))
      underWay.add(done)
    },
    stop: () => {
      stopped = true
    },
    idle: async () => {
      await Promise.all(underWay)
    },
  }
}

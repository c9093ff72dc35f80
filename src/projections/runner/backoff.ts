import { setTimeout as delay } from 'node:timers/promises'

/** Waits `ms`; ends early, without error, when the signal aborts. */
export const sleep = async (ms: number, signal?: AbortSignal): Promise<void> => {
  try {
    await delay(ms, undefined, signal === undefined ? {} : { signal })
  } catch (error) {
    if (signal?.aborted !== true) throw error
  }
}

/** 50 ms, then twice as long each time up to 5 s, with half of it random so that many do not come back at once. */
export const createBackoff = (random: () => number = Math.random) => {
  let attempt = 0
  return {
    reset: () => {
      attempt = 0
    },
    next: (): number => {
      const full = Math.min(50 * 2 ** attempt, 5_000)
      attempt += 1
      return full / 2 + (random() * full) / 2
    },
  }
}

import type { AttemptSlots } from '../commands/executions/runHub.js'

export interface SlotPool extends AttemptSlots {
  /** An attempt ended. */
  release(): void
  /** Resolves when a slot may be free; at once when one is. */
  free(): Promise<void>
  readonly inUse: number
}

/** The places for attempts in this process. A claim takes its place before the append that makes it. */
export const createSlotPool = (executor: string, size: number, graceMs: number): SlotPool => {
  let inUse = 0
  let waiting: (() => void)[] = []

  const give = (count: number): void => {
    if (count === 0) return
    inUse -= count
    const woken = waiting
    waiting = []
    for (const wake of woken) wake()
  }

  return {
    executor,
    graceMs,
    get inUse() {
      return inUse
    },
    reserve: (wanted) => {
      const reserved = Math.max(0, Math.min(wanted, size - inUse))
      inUse += reserved
      return reserved
    },
    settle: (reserved, used) => give(reserved - used),
    release: () => give(1),
    free: () =>
      inUse < size
        ? Promise.resolve()
        : new Promise((resolve) => {
            waiting.push(resolve)
          }),
  }
}

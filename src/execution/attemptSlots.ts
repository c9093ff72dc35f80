import type { AttemptSlots } from '../commands/executions/runHub.js'

export interface SlotPool extends AttemptSlots {
  /** An attempt ended. */
  release(): void
  /**
   * Resolves when a slot may be free; at once when one is. Those who wait come in turn, one for each slot that is given back,
   * so each of them says by `passOn` that it has tried to take one.
   */
  free(): Promise<void>
  passOn(): void
  readonly inUse: number
}

/** The places for attempts in this process. A claim takes its place before the append that makes it. */
export const createSlotPool = (executor: string, size: number, graceMs: number): SlotPool => {
  let inUse = 0
  const waiting: (() => void)[] = []

  const give = (count: number): void => {
    inUse -= count
    for (const wake of waiting.splice(0, count)) wake()
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
    passOn: () => {
      if (inUse < size) waiting.shift()?.()
    },
  }
}

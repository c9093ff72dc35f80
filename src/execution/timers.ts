/** A timer of a run that this process looks after. `dueAt` in milliseconds since 1970. */
interface Entry {
  readonly executionId: string
  readonly timerId: string
  readonly dueAt: number
}

export interface TimerService {
  /** Adds a timer; the same one again changes nothing. */
  add(executionId: string, timerId: string, dueAt: number): void
  stop(): void
  readonly pending: number
}

/** Longer waits are looked at again in between: setTimeout overflows at 24.8 days, and clocks are corrected. */
const longestSleepMs = 60_000

/**
 * Timers in memory: a heap and one setTimeout. The log has every timer durably; what this process forgets by dying is found
 * by the scan.
 */
export const createTimerService = (
  fire: (executionId: string, timerIds: readonly string[]) => void,
  now: () => number,
): TimerService => {
  const heap: Entry[] = []
  const known = new Set<string>()
  let sleeping: NodeJS.Timeout | undefined
  let wakesAt = Number.POSITIVE_INFINITY
  let stopped = false

  const nameOf = ({ executionId, timerId, dueAt }: Entry): string => `${executionId}/${timerId}@${dueAt}`

  const swap = (a: number, b: number): void => {
    const [x, y] = [heap[a], heap[b]]
    if (x === undefined || y === undefined) return
    heap[a] = y
    heap[b] = x
  }
  const dueAt = (index: number): number => heap[index]?.dueAt ?? Number.POSITIVE_INFINITY

  const push = (entry: Entry): void => {
    heap.push(entry)
    for (let at = heap.length - 1; at > 0; ) {
      const parent = (at - 1) >> 1
      if (dueAt(parent) <= dueAt(at)) return
      swap(at, parent)
      at = parent
    }
  }

  const pop = (): Entry | undefined => {
    const [top] = heap
    const last = heap.pop()
    if (top === undefined || last === undefined || heap.length === 0) return top
    heap[0] = last
    for (let at = 0; ; ) {
      const left = 2 * at + 1
      const least = dueAt(left + 1) < dueAt(left) ? left + 1 : left
      if (dueAt(at) <= dueAt(least)) return top
      swap(at, least)
      at = least
    }
  }

  const sleep = (): void => {
    if (stopped || heap.length === 0 || dueAt(0) >= wakesAt) return
    clearTimeout(sleeping)
    wakesAt = dueAt(0)
    const milliseconds = Math.min(Math.max(0, wakesAt - now()), longestSleepMs)
    sleeping = setTimeout(wake, milliseconds)
    sleeping.unref()
  }

  const wake = (): void => {
    wakesAt = Number.POSITIVE_INFINITY
    const due = new Map<string, string[]>()
    while (dueAt(0) <= now()) {
      const entry = pop()
      if (entry === undefined) break
      known.delete(nameOf(entry))
      const timerIds = due.get(entry.executionId) ?? []
      timerIds.push(entry.timerId)
      due.set(entry.executionId, timerIds)
    }
    for (const [executionId, timerIds] of due) fire(executionId, timerIds)
    sleep()
  }

  return {
    get pending() {
      return heap.length
    },
    add: (executionId, timerId, at) => {
      const entry = { executionId, timerId, dueAt: at }
      if (stopped || known.has(nameOf(entry))) return
      known.add(nameOf(entry))
      push(entry)
      sleep()
    },
    stop: () => {
      stopped = true
      clearTimeout(sleeping)
    },
  }
}

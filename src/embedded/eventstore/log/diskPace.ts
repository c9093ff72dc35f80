/** What one write counts for in the mean of those of late. */
const WEIGHT = 1 / 16
/** How many writes are left to another thread before one is tried again. */
const LEFT_WHEN_SLOW = 100

/** Decides which thread waits for the disk. */
export interface DiskPace {
  /** Which thread waits for the next write: the log's own, or another. Asked once for each. */
  next(): 'here' | 'elsewhere'
  /** What a write took that was waited for here, in ms. */
  note(duration: number): void
}

/**
 * To hand a write to another thread and hear of its end takes about 0.1 ms, as long as a good disk needs for the write. So the log's
 * thread waits for the disk itself, unless that takes longer than `quick` (ms) in the mean of late: then the next hundred writes are
 * left to another thread, while it goes on with what else there is to do. A single slow write, as each disk has, changes nothing.
 */
export function createDiskPace(quick: number): DiskPace {
  let mean = 0
  let left = 0
  return {
    next() {
      if (left === 0) return 'here'
      left--
      return 'elsewhere'
    },
    note(duration) {
      mean += (duration - mean) * WEIGHT
      if (mean <= quick) return
      left = LEFT_WHEN_SLOW
      // The next one that is tried decides.
      mean = quick
    },
  }
}

import { readFileSync, readlinkSync } from 'node:fs'

/** What names the calling thread to other threads of this process; undefined where the system does not tell. */
export const ownThread = (): string | undefined => {
  try {
    const thread = readlinkSync('/proc/thread-self')
    readFileSync(`/proc/${thread}/schedstat`)
    return thread
  } catch {
    return undefined
  }
}

/**
 * Milliseconds that a thread has spent on a core so far, for differences; the clock's where the system does not tell. Users' work
 * has a low priority, so what the clock says of it is mostly how busy the others are.
 */
export const threadTimeMs = (thread: string | undefined): number => {
  if (thread === undefined) return performance.now()
  // The first of three numbers is the time on a core in nanoseconds (Linux, Documentation/scheduler/sched-stats.rst).
  return Number(readFileSync(`/proc/${thread}/schedstat`, 'latin1').split(' ', 1)[0]) / 1e6
}

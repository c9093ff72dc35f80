import type { GroupSettings } from './groupSettings.js'

/** Decides when a group's progress is written down. */
export interface Checkpointer {
  /** Order of the last event that need not be delivered again; undefined before the first. */
  readonly written: number | undefined
  /** Counts one message that is done with. */
  processed(): void
  /** Writes what is due, now. */
  flush(): Promise<void>
  stop(): void
}

export function createCheckpointer(
  settings: GroupSettings,
  initial: number | undefined,
  progress: () => number,
  write: (order: number) => Promise<unknown>,
): Checkpointer {
  let written = initial
  let processed = 0
  let writing: Promise<void> = Promise.resolve()

  const save = async () => {
    const order = progress()
    if (order < 0 || order <= (written ?? -1)) return
    processed = 0
    await write(order)
    written = order
  }

  // One after the other, and a failed one does not stop the next.
  const flush = () => {
    writing = writing.catch(() => undefined).then(save)
    return writing
  }

  let isDue = false
  const flushSoon = () => {
    if (isDue) return
    isDue = true
    void flush()
      // A checkpoint that could not be written is tried again at the next beat; until then more is delivered twice.
      .catch(() => undefined)
      .finally(() => {
        isDue = false
      })
  }

  const timer = setInterval(
    () => {
      const advanced = progress() - (written ?? -1)
      if (processed >= settings.minCheckpointCount || advanced >= settings.minCheckpointCount) flushSoon()
    },
    Math.max(10, settings.checkpointAfter),
  )
  timer.unref()

  return {
    get written() {
      return written
    },
    processed() {
      processed++
      if (processed >= settings.maxCheckpointCount) flushSoon()
    },
    flush,
    stop: () => clearInterval(timer),
  }
}

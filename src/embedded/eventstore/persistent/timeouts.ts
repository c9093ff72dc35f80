import type { InFlight } from './consumer.js'

/** Watches messages that were sent, all with the same timeout, so the oldest always comes first. */
export interface Timeouts {
  add(entry: InFlight): void
  remove(entry: InFlight): void
  stop(): void
}

/** `timeout` in ms; 0 watches nothing. */
export function createTimeouts(timeout: number, onTimeout: (entry: InFlight) => void): Timeouts {
  const watched = new Set<InFlight>()
  let timer: NodeJS.Timeout | undefined

  const arm = () => {
    if (timer) return
    for (const oldest of watched) {
      timer = setTimeout(expire, Math.max(1, oldest.sentAt + timeout - Date.now()))
      timer.unref()
      return
    }
  }

  const expire = () => {
    timer = undefined
    const now = Date.now()
    for (const entry of [...watched]) {
      if (entry.sentAt + timeout > now) break
      watched.delete(entry)
      onTimeout(entry)
    }
    arm()
  }

  return {
    add(entry) {
      if (timeout <= 0) return
      watched.add(entry)
      arm()
    },
    remove: (entry) => void watched.delete(entry),
    stop() {
      clearTimeout(timer)
      watched.clear()
    },
  }
}

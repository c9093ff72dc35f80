import type { Staging } from '../log/staging.js'

/** Tells waiting subscriptions that a commit has something for them. */
export interface CommitFeed {
  /** Calls back after each commit until the returned function is called. */
  onCommit(listener: () => void): () => void
  /** The same, for commits that touch one stream. */
  onStreamCommit(stream: string, listener: () => void): () => void
  publish(staging: Staging): void
}

export function createCommitFeed(): CommitFeed {
  const all = new Set<() => void>()
  const byStream = new Map<string, Set<() => void>>()

  const add = (set: Set<() => void>, listener: () => void, whenEmpty?: () => void) => {
    set.add(listener)
    return () => {
      set.delete(listener)
      if (set.size === 0) whenEmpty?.()
    }
  }

  return {
    onCommit: (listener) => add(all, listener),
    onStreamCommit(stream, listener) {
      const set = byStream.get(stream) ?? new Set()
      byStream.set(stream, set)
      return add(set, listener, () => {
        if (byStream.get(stream) === set) byStream.delete(stream)
      })
    },
    publish(staging) {
      if (byStream.size > 0) {
        for (const name of staging.states.keys()) for (const listener of [...(byStream.get(name) ?? [])]) listener()
      }
      for (const listener of [...all]) listener()
    },
  }
}

interface Waiter {
  readonly position: bigint
  readonly resolve: () => void
}

/** The highest position heard of for each projection, and those who wait for one. A projection never goes back. */
export interface Positions {
  of(projection: string): bigint | null
  has(projection: string, position: bigint): boolean
  moved(projection: string, position: bigint): void
  /** Resolves when the projection is there, or after `ms`. */
  whenAt(projection: string, position: bigint, ms: number): Promise<void>
}

export const createPositions = (): Positions => {
  const known = new Map<string, bigint>()
  const waiters = new Map<string, Set<Waiter>>()

  const has = (projection: string, position: bigint): boolean => {
    const at = known.get(projection)
    return at !== undefined && at >= position
  }

  const waitersOf = (projection: string): Set<Waiter> => {
    const there = waiters.get(projection) ?? new Set()
    waiters.set(projection, there)
    return there
  }

  return {
    has,
    of: (projection) => known.get(projection) ?? null,
    moved: (projection, position) => {
      if (has(projection, position)) return
      known.set(projection, position)
      for (const waiter of waitersOf(projection)) if (waiter.position <= position) waiter.resolve()
    },
    whenAt: (projection, position, ms) =>
      new Promise((resolve) => {
        if (has(projection, position)) return resolve()
        const all = waitersOf(projection)
        const done = () => {
          clearTimeout(timer)
          all.delete(waiter)
          resolve()
        }
        const timer = setTimeout(done, ms)
        const waiter = { position, resolve: done }
        all.add(waiter)
      }),
  }
}

/**
 * How fast rebuilds go. Where nothing else happens: as fast as they can. While others use the stores: in small batches, each followed
 * by a rest of several times what it took, so that who waits for an answer never waits behind much of a rebuild. A busy machine
 * makes batches slower and with them the rests longer, up to a limit: however busy it is, a rebuild goes on.
 *
 * Others are: live events, which the tail sees at once, and those who read, whom the processes that answer them count (`ReadTraffic`).
 * A pace that has just begun to hear of them assumes them.
 */
export interface Pace {
  /** So many events were handed to the live projections, or so many reads answered. */
  others(count: number): void
  /** A rebuild replays, until the function that it gets is called. Several share what there is. */
  begin(): () => void
  readonly yielding: boolean
  batchSize(): number
  /** Milliseconds to rest after a batch that took so many. */
  restAfter(tookMs: number): number
}

/** Large batches: fewer round trips, and more changes of a row that never reach the store. */
const fullBatch = 2_000
const yieldingBatch = 250
const restFactor = 4
const leastRestMs = 20
const mostRestMs = 200

/** Events and reads in a second from which on others are there. */
const enough = 20

export const createPace = (now: () => number = () => performance.now()): Pace => {
  let second = Math.floor(now() / 1_000)
  let thisSecond = enough
  let lastSecond = 0
  let rebuilds = 0

  const turn = () => {
    const current = Math.floor(now() / 1_000)
    if (current === second) return
    lastSecond = current === second + 1 ? thisSecond : 0
    thisSecond = 0
    second = current
  }

  const isYielding = (): boolean => {
    turn()
    return Math.max(thisSecond, lastSecond) >= enough
  }

  return {
    others: (count) => {
      turn()
      thisSecond += count
    },
    begin: () => {
      rebuilds += 1
      return () => {
        rebuilds -= 1
      }
    },
    get yielding() {
      return isYielding()
    },
    batchSize: () => (isYielding() ? yieldingBatch : fullBatch),
    restAfter: (tookMs) =>
      isYielding() ? Math.min(Math.max(tookMs * restFactor, leastRestMs), mostRestMs) * Math.max(1, rebuilds) : 0,
  }
}

/**
 * How fast rebuilds go. Where nothing else happens: as fast as they can. While others use the stores: in small batches, each followed
 * by a rest of several times what it took, so that who waits for an answer never waits behind much of a rebuild. A busy machine
 * makes batches slower and with them the rests longer, up to a limit: however busy it is, a rebuild goes on.
 *
 * Others are: live events, which the tail sees at once; and transactions of PostgreSQL beyond the rebuilds' own, which is how
 * readers show, in whatever process they are. Those are counted once a second; until they were, others are assumed.
 */
export interface Pace {
  /** An event was handed to the live projections. */
  live(): void
  /** Transactions of a rebuild's own. */
  own(transactions: number): void
  /** All transactions that the database has ever had. */
  transactions(total: bigint): void
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

/** Events in a second from which on there is live traffic. */
const liveEvents = 20
/** Transactions a second. A program that only waits has some, too: checkpoints, polls, the progress of the rebuild itself. */
const otherTransactions = 60

export const createPace = (now: () => number = () => performance.now()): Pace => {
  let second = 0
  let thisSecond = 0
  let lastSecond = 0
  let own = 0
  let seen: { readonly total: bigint; readonly own: number; readonly at: number } | undefined
  let others = Number.POSITIVE_INFINITY
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
    return Math.max(thisSecond, lastSecond) >= liveEvents || others >= otherTransactions
  }

  return {
    live: () => {
      turn()
      thisSecond += 1
    },
    own: (transactions) => {
      own += transactions
    },
    transactions: (total) => {
      const at = now()
      if (seen !== undefined && at > seen.at) {
        others = (Number(total - seen.total) - (own - seen.own)) / ((at - seen.at) / 1_000)
      }
      seen = { total, own, at }
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

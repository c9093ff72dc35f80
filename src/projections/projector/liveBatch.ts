/** Live batches: small, and often; larger ones as long as it is behind. In events, and milliseconds. */
export const liveBatch = { size: 500, catchUpSize: 2_000, idleMs: 250, capacity: 4_000 } as const

const leastIntervalMs = 20
const mostIntervalMs = 80
const eventsPerMs = 2

/**
 * Milliseconds from the commit of so many events to the next one. A busy log gets fewer, larger batches: one of every projection
 * costs PostgreSQL as much as the rows of some seventy events (docs/adr/0023).
 */
export const intervalAfter = (events: number): number =>
  Math.min(mostIntervalMs, Math.max(leastIntervalMs, Math.round(events / eventsPerMs)))

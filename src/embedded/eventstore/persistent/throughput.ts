const SAMPLES = 1_000

/** Counts of what has passed, for operators. */
export interface Throughput {
  readonly total: number
  /** `milliseconds` is how long the message took, where that is known. */
  add(milliseconds?: number): void
  averagePerSecond(): number
  sinceLastMeasurement(): number
  /** Latencies in ms, as EventStoreDB names them; empty unless extra statistics are kept. */
  measurements(): readonly (readonly [string, number])[]
}

const PERCENTILES = [
  ['Quintile 1', 0.2],
  ['Quintile 2', 0.4],
  ['Quintile 3', 0.6],
  ['Quintile 4', 0.8],
  ['Quintile 5', 1],
  ['90%', 0.9],
  ['95%', 0.95],
  ['99%', 0.99],
  ['99.5%', 0.995],
  ['99.9%', 0.999],
] as const

export function createThroughput(keepLatencies: boolean): Throughput {
  const started = Date.now()
  const latencies: number[] = []
  let total = 0
  let measured = 0
  return {
    get total() {
      return total
    },
    add(milliseconds) {
      total++
      if (!keepLatencies || milliseconds === undefined) return
      latencies[(total - 1) % SAMPLES] = milliseconds
    },
    averagePerSecond: () => Math.round(total / Math.max(1, (Date.now() - started) / 1_000)),
    sinceLastMeasurement() {
      const since = total - measured
      measured = total
      return since
    },
    measurements() {
      if (!keepLatencies) return []
      const sorted = latencies.filter((value) => value !== undefined).sort((a, b) => a - b)
      const at = (share: number) => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0
      const mean = sorted.length === 0 ? 0 : sorted.reduce((sum, value) => sum + value, 0) / sorted.length
      return [
        ['Highest', at(1)],
        ['Mean', Math.round(mean)],
        ['Median', at(0.5)],
        ['Fastest', at(0)],
        ...PERCENTILES.map(([key, share]) => [key, at(share)] as const),
      ]
    },
  }
}

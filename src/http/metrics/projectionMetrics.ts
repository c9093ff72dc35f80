import { Gauge, type Registry } from 'prom-client'
import type { ProjectionOperations, ProjectionStatus } from '../../projections/operations/projectionOperations.js'

interface Measure {
  readonly name: string
  readonly help: string
  /** Null where there is nothing to tell: then it is absent. */
  readonly of: (status: ProjectionStatus) => number | null
}

/** A log position as the number that a metric is; exact up to 2^53. */
const numberOf = (position: bigint | null): number | null => (position === null ? null : Number(position))

const measures: readonly Measure[] = [
  { name: 'projection_position', help: 'Log position that a read model has reached', of: (p) => numberOf(p.position) },
  { name: 'projection_head', help: 'Log position of the newest event', of: (p) => numberOf(p.head) },
  { name: 'projection_generation', help: 'Generation that is read', of: (p) => p.generation },
  { name: 'projection_lag_events', help: 'Events that a read model is behind the log', of: (p) => p.lagEvents },
  { name: 'projection_lag_seconds', help: 'Time that a read model is behind the log', of: (p) => p.lagMs / 1000 },
  { name: 'projection_events_per_second', help: 'Events that it applies', of: (p) => p.eventsPerSecond },
  { name: 'projection_ready', help: '1 while its rows are those of this program', of: (p) => Number(p.ready) },
  { name: 'projection_dead_letters', help: 'Events that it could not apply', of: (p) => p.deadLetters },
  { name: 'projection_reconnects', help: 'Times that it had to subscribe anew', of: (p) => p.reconnects },
]

/** What `GET /v1/projections` tells, as metrics by projection; read anew for each scrape. */
export const createProjectionMetrics = (registry: Registry, projections: Pick<ProjectionOperations, 'list'>): void => {
  let scrape: Promise<readonly ProjectionStatus[]> | undefined
  /** All gauges of one scrape share one reading. */
  const statuses = (): Promise<readonly ProjectionStatus[]> => {
    scrape ??= projections.list().finally(() => {
      scrape = undefined
    })
    return scrape
  }
  /** `tell` sets what one projection has to say. */
  const addGauge = (
    { name, help }: Pick<Measure, 'name' | 'help'>,
    labelNames: readonly string[],
    tell: (gauge: Gauge, status: ProjectionStatus) => void,
  ): void => {
    const gauge: Gauge = new Gauge({
      name,
      help,
      labelNames,
      registers: [registry],
      collect: async () => {
        gauge.reset()
        // The rest of a scrape must be told even while the store is away: then these are absent, and readyz says why.
        for (const status of await statuses().catch(() => [])) tell(gauge, status)
      },
    })
  }
  for (const measure of measures) {
    addGauge(measure, ['projection'], (gauge, status) => {
      const value = measure.of(status)
      if (value !== null) gauge.set({ projection: status.name }, value)
    })
  }
  addGauge(
    { name: 'projection_state', help: '1 for the state that it is in' },
    ['projection', 'state'],
    (gauge, { name, state }) => gauge.set({ projection: name, state }, 1),
  )
}

import { Gauge, type Registry } from 'prom-client'
import type { ProjectionOperations, ProjectionStatus } from '../../projections/operations/projectionOperations.js'

interface Measure {
  readonly name: string
  readonly help: string
  readonly of: (status: ProjectionStatus) => number
}

const measures: readonly Measure[] = [
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
  for (const { name, help, of } of measures) {
    const gauge = new Gauge({
      name,
      help,
      labelNames: ['projection'],
      registers: [registry],
      collect: async () => {
        gauge.reset()
        // The rest of a scrape must be told even while the store is away: then these are absent, and readyz says why.
        const current = await statuses().catch(() => [])
        for (const status of current) gauge.set({ projection: status.name }, of(status))
      },
    })
  }
}

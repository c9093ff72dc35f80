import type { Pool } from 'pg'
import type { EventFeed } from '../../eventlog/eventFeed.js'
import type { Projection } from '../model/projection.js'
import { quoted, type SchemaNames } from '../postgres/names.js'
import { rowTypes } from '../postgres/types.js'
import type { Stores } from '../projector/stores.js'
import type { RebuildRecords } from '../rebuild/rebuildRecords.js'
import type { ReadModelStore } from '../store/projectionStore.js'
import type { ProjectionState, ProjectionStatus } from './projectionOperations.js'

export interface StatusDependencies {
  readonly pool: Pool
  readonly schemas: SchemaNames
  readonly feed: EventFeed
  readonly stores: Stores
  readonly storeOf: (projection: Projection) => ReadModelStore
  readonly records: RebuildRecords
  readonly now: () => Date
}

interface StatusRow {
  version: number
  state: ProjectionState
  position: bigint | null
  lag_events: bigint
  lag_ms: bigint
  events_per_second: number
  reconnects: number
  error: string | null
  reported_at: string
}

/** A projector that has said nothing for so long is away. */
const staleMs = 10_000
/** Catching up from here is a matter of moments. */
const closeMs = 5_000

/** What the projector reported, with what the stores say themselves. */
export const createStatusQueries = (dependencies: StatusDependencies) => {
  const { pool, schemas, feed, stores, storeOf, records, now } = dependencies

  const reported = async (projection: Projection): Promise<StatusRow | undefined> => {
    const { rows } = await pool.query({
      text: `SELECT version, state, position, lag_events, lag_ms, events_per_second, reconnects, error, reported_at
        FROM ${quoted(schemas.control)}.projection_status WHERE projection = $1`,
      values: [projection.name],
      types: rowTypes,
    })
    return rows[0] as StatusRow | undefined
  }

  const headOfLog = (): Promise<bigint | null> => feed.head().catch(() => null)

  const of = async (projection: Projection): Promise<ProjectionStatus> => {
    const [row, generations, head, rebuilds] = await Promise.all([
      reported(projection),
      stores.generations(projection).list(projection),
      headOfLog(),
      records.open(projection.name),
    ])
    const active = generations.find(({ state }) => state === 'active')
    const ref = active && { projection, generation: active.generation }
    const deadLetters = ref === undefined ? 0 : (await storeOf(projection).deadLetters(ref)).length
    const fresh = row !== undefined && now().getTime() - Date.parse(row.reported_at) < staleMs
    const rebuild = rebuilds.find(({ state }) => state !== 'swapped')
    const isPaused = rebuild?.state === 'paused' && (row?.state === 'live' || row?.state === 'rebuilding')
    const state = !fresh ? 'stalled' : isPaused ? 'paused' : row.state
    const lagMs = Number(row?.lag_ms ?? 0)
    return {
      name: projection.name,
      version: projection.version,
      store: projection.store,
      state,
      position: active?.position ?? null,
      head,
      lagEvents: Number(row?.lag_events ?? 0),
      lagMs,
      eventsPerSecond: fresh ? row.events_per_second : 0,
      generation: active?.generation ?? null,
      ready:
        active?.version === projection.version && state !== 'stalled' && !(state === 'catching_up' && lagMs > closeMs),
      deadLetters,
      reconnects: row?.reconnects ?? 0,
      error: fresh ? row.error : 'no projector feeds it',
      rebuildId: rebuild?.id ?? null,
    }
  }

  return { of }
}

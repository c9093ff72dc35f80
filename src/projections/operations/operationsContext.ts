import type { Pool } from 'pg'
import { messageOf, notFound } from '../../domain/errors.js'
import type { EventFeed } from '../../eventlog/eventFeed.js'
import type { EventStore } from '../../eventlog/eventStore.js'
import type { Projection } from '../model/projection.js'
import type { Channel } from '../postgres/channel.js'
import { requestChannel, type SchemaNames } from '../postgres/names.js'
import type { Stores } from '../projector/stores.js'
import type { RebuildRecords } from '../rebuild/rebuildRecords.js'
import type { RequestRecords } from '../rebuild/requestRecords.js'
import type { ReadModelStore } from '../store/projectionStore.js'
import { type RecordOperation, recordOperations } from './operationRecorder.js'

/** What the operations share. */
export interface OperationsContext {
  readonly feed: EventFeed
  readonly streams: Pick<EventStore, 'readStream'>
  readonly stores: Stores
  readonly records: RebuildRecords
  readonly requests: RequestRecords
  /** Tells when a rebuild has changed. */
  readonly channel: Channel
  /** Throws `projection_not_found`. */
  projectionNamed(name: string): Projection
  /** For single look-ups; a session that stays. */
  storeOf(projection: Projection): ReadModelStore
  /** So that it looks for requests now. */
  wakeProjector(projection: string): Promise<void>
  /** Writes what was done into the log now, as far as that can be reached; else it is done later. */
  recordNow(): Promise<void>
  close(): Promise<void>
}

export interface OperationsContextOptions
  extends Pick<OperationsContext, 'feed' | 'streams' | 'stores' | 'records' | 'requests' | 'channel'> {
  readonly pool: Pool
  readonly schemas: SchemaNames
  readonly projections: readonly Projection[]
  readonly record: RecordOperation
  readonly log: (line: string) => void
}

export const createOperationsContext = (options: OperationsContextOptions): OperationsContext => {
  const { pool, schemas, projections, record, log, feed, streams, stores, records, requests, channel } = options
  const opened = new Map<Projection['store'], ReadModelStore>()
  return {
    feed,
    streams,
    stores,
    records,
    requests,
    channel,
    projectionNamed: (name) => {
      const projection = projections.find((candidate) => candidate.name === name)
      if (projection === undefined) throw notFound('projection_not_found', `There is no projection ${name}.`)
      return projection
    },
    storeOf: (projection) => {
      const known = opened.get(projection.store) ?? stores.open(projection, 'operations')
      opened.set(projection.store, known)
      return known
    },
    wakeProjector: async (projection) => {
      await pool.query('SELECT pg_notify($1, $2)', [requestChannel(schemas), projection])
    },
    recordNow: () =>
      recordOperations(pool, schemas, record).catch((error: unknown) =>
        log(`operations into the log: ${messageOf(error)}`),
      ),
    close: async () => {
      await Promise.all([...opened.values()].map((store) => store.close()))
    },
  }
}

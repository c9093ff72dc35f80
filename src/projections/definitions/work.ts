import type { Projection } from '../model/projection.js'
import { openAttemptsTable } from './work/openAttemptsTable.js'
import { queuedStartsTable } from './work/queuedStartsTable.js'
import { timersTable } from './work/timersTable.js'
import { waitingParentsTable, waitingSignalsTable } from './work/waitsTables.js'

/** Hints where a run may have to be taken further. Whoever acts on one reads the stream first. */
export const workProjection: Projection = {
  name: 'work',
  version: 1,
  store: 'postgres',
  prefixes: ['execution-'],
  tables: [openAttemptsTable, timersTable, waitingSignalsTable, waitingParentsTable, queuedStartsTable],
}

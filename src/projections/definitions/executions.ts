import type { Projection } from '../model/projection.js'
import { executionsTable } from './executions/executionsTable.js'
import { stepsTable } from './executions/stepsTable.js'

/** Runs and their steps. */
export const executionsProjection: Projection = {
  name: 'executions',
  version: 1,
  store: 'postgres',
  prefixes: ['execution-'],
  tables: [executionsTable, stepsTable],
}

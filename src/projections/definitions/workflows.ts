import type { Projection } from '../model/projection.js'
import { edgesTable } from './workflows/edgesTable.js'
import { nodesTable } from './workflows/nodesTable.js'
import { workflowsTable } from './workflows/workflowsTable.js'

/** Drafts: workflows with their nodes and edges. */
export const workflowsProjection: Projection = {
  name: 'workflows',
  version: 1,
  store: 'postgres',
  prefixes: ['workflow-'],
  tables: [workflowsTable, nodesTable, edgesTable],
}

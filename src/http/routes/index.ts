import type { Route } from '../routing/route.js'
import { apiKeyRoutes } from './apiKeys.js'
import { listAuditEvents } from './audit/activity.js'
import { blameWorkflow } from './audit/blame.js'
import { workflowChanges } from './audit/changes.js'
import { getCorrelation } from './audit/correlation.js'
import { historyRoutes } from './audit/history.js'
import { verifyAudit } from './audit/verification.js'
import { executionEvents } from './executions/events.js'
import { explainStep } from './executions/explain.js'
import { operateRoutes } from './executions/operate.js'
import { getExecution, listExecutions } from './executions/read.js'
import { startExecution } from './executions/start.js'
import { hookRoutes } from './hooks.js'
import { deadLetterRoutes } from './projections/deadLetters.js'
import { rebuildRoutes } from './projections/rebuilds.js'
import { projectionStatusRoutes } from './projections/status.js'
import { secretRoutes } from './secrets.js'
import { serviceRoutes } from './service.js'
import { draftRoutes } from './workflows/draft.js'
import { addEdge, removeEdge } from './workflows/edges.js'
import { getNode, listEdges, listNodes } from './workflows/graphRead.js'
import { addNode, changeNode, removeNode } from './workflows/nodes.js'
import { workflowReadRoutes } from './workflows/read.js'
import { versionCommandRoutes } from './workflows/versionCommands.js'
import { diffVersions, getVersion, listVersions } from './workflows/versionReads.js'

/** Every route of the API. The first ones are found first: what is called most stands on top. */
export const routes: readonly Route[] = [
  startExecution,
  getExecution,
  listExecutions,
  executionEvents,
  explainStep,
  ...operateRoutes,
  ...workflowReadRoutes,
  ...draftRoutes,
  addNode,
  listNodes,
  getNode,
  changeNode,
  removeNode,
  addEdge,
  listEdges,
  removeEdge,
  ...versionCommandRoutes,
  listVersions,
  getVersion,
  diffVersions,
  ...secretRoutes,
  listAuditEvents,
  ...historyRoutes,
  workflowChanges,
  blameWorkflow,
  getCorrelation,
  verifyAudit,
  ...projectionStatusRoutes,
  ...rebuildRoutes,
  ...deadLetterRoutes,
  ...apiKeyRoutes,
  ...hookRoutes,
  ...serviceRoutes,
]

import type { Route } from '../routing/route.js'
import { apiKeyRoutes } from './apiKeys.js'
import { operateRoutes } from './executions/operate.js'
import { startExecution } from './executions/start.js'
import { deleteSecret, setSecret } from './secrets.js'
import { serviceRoutes } from './service.js'
import { draftRoutes } from './workflows/draft.js'
import { addEdge, removeEdge } from './workflows/edges.js'
import { addNode, changeNode, removeNode } from './workflows/nodes.js'
import { versionCommandRoutes } from './workflows/versionCommands.js'

/** Every route of the API. The first ones are found first: what is called most stands on top. */
export const routes: readonly Route[] = [
  startExecution,
  ...operateRoutes,
  ...draftRoutes,
  addNode,
  changeNode,
  removeNode,
  addEdge,
  removeEdge,
  ...versionCommandRoutes,
  setSecret,
  deleteSecret,
  ...apiKeyRoutes,
  ...serviceRoutes,
]

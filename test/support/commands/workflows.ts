import { v7 as uuid, v5 as uuidv5 } from 'uuid'
import type { Definition, Edge, Policy, WorkflowNode } from '../../../src/domain/definition.js'
import type { WorkflowEvent } from '../../../src/domain/events/catalogue/index.js'
import type { JsonObject } from '../../../src/domain/json.js'

export const workflowId = '01890000-0000-7000-8000-000000000001'

/** An id that is the same for the same name in every run. */
export const idOf = (name: string): string => uuidv5(name, workflowId)

interface NodeParts {
  type?: string
  config?: JsonObject
  position?: { x: number; y: number }
  policy?: Policy
}

export const node = (key: string, parts: NodeParts = {}): WorkflowNode => ({
  id: idOf(key),
  key,
  type: parts.type ?? 'noop',
  config: parts.config ?? {},
  position: parts.position ?? { x: 0, y: 0 },
  policy: parts.policy ?? {},
})

/** An edge between two nodes that are named by key: `edge('a', 'b')`, `edge('a.true', 'b')`. */
export const edge = (from: string, to: string): Edge => {
  const [source = '', sourcePort = 'out'] = from.split('.')
  return { id: idOf(`${from}->${to}`), sourceNodeId: idOf(source), sourcePort, targetNodeId: idOf(to) }
}

export const definition = (nodes: WorkflowNode[], edges: Edge[] = []): Definition => ({ nodes, edges, settings: {} })

export const created: WorkflowEvent = {
  type: 'WorkflowCreated',
  data: { workflowId, name: 'Orders', description: '', settings: {} },
}
export const nodeAdded = (added: WorkflowNode): WorkflowEvent => ({ type: 'NodeAdded', data: { node: added } })
export const edgeAdded = (added: Edge): WorkflowEvent => ({ type: 'EdgeAdded', data: { edge: added } })
export const nodeRemoved = (key: string): WorkflowEvent => ({ type: 'NodeRemoved', data: { nodeId: idOf(key) } })
export const edgeRemoved = (removed: Edge): WorkflowEvent => ({ type: 'EdgeRemoved', data: { edgeId: removed.id } })

/** The events of a workflow that has this draft. */
export const drafted = ({ nodes, edges }: Definition): WorkflowEvent[] => [
  created,
  ...nodes.map(nodeAdded),
  ...edges.map(edgeAdded),
]

/** Fresh ids that count up. */
export const countingIds = () => {
  let count = 0
  return {
    next: (): string => {
      count += 1
      return `01890000-0000-7000-9000-${String(count).padStart(12, '0')}`
    },
  }
}

export const randomIds = { next: (): string => uuid() }

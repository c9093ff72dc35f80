import type { Edge, WorkflowNode } from '../definition.js'
import type { WorkflowEvent } from '../events/catalogue/index.js'
import type { RecordedEvent } from '../events/recordedEvent.js'
import { idOfStream } from '../streams.js'
import { applyEdit } from './applyEdit.js'
import type { SavedVersion, Workflow, WorkflowState } from './state.js'

type Of<T extends WorkflowEvent['type']> = RecordedEvent<Extract<WorkflowEvent, { type: T }>>

/** A workflow while several events are folded into it: nodes and edges are copied at most once, then changed in place. */
interface Fold extends Omit<{ -readonly [K in keyof Workflow]: Workflow[K] }, 'nodes' | 'edges'> {
  nodes: Map<string, WorkflowNode>
  edges: Map<string, Edge>
}

const savedVersion = ({ data, metadata }: Of<'VersionSaved'>): SavedVersion => {
  const { versionId, number, label, snapshot, contentHash, findings } = data
  const { occurredAt: createdAt, actor: createdBy } = metadata
  return { versionId, number, label, snapshot, contentHash, findings, createdAt, createdBy }
}

const apply = (fold: Fold, event: RecordedEvent<WorkflowEvent>): void => {
  switch (event.type) {
    case 'WorkflowCreated':
    case 'DraftRestored':
      return
    case 'WorkflowRenamed':
      fold.name = event.data.name
      return
    case 'WorkflowDescribed':
      fold.description = event.data.description
      return
    case 'WorkflowSettingsChanged':
      fold.settings = event.data.settings
      return
    case 'WorkflowArchived':
      fold.archived = true
      return
    case 'WorkflowRestored':
      fold.archived = false
      return
    case 'VersionSaved':
      fold.latestVersion = savedVersion(event)
      return
    case 'VersionPublished':
      fold.publishedVersion = event.data.number
      fold.publishedSubworkflows = event.data.subworkflows ?? []
      return
    case 'WorkflowUnpublished':
      fold.publishedVersion = null
      fold.publishedSubworkflows = []
      return
    default:
      applyEdit(fold, event)
  }
}

const created = ({ data, metadata }: Of<'WorkflowCreated'>): Workflow => ({
  id: data.workflowId,
  name: data.name,
  description: data.description,
  settings: data.settings,
  nodes: new Map(),
  edges: new Map(),
  archived: false,
  latestVersion: null,
  publishedVersion: null,
  publishedSubworkflows: [],
  createdAt: metadata.occurredAt,
  updatedAt: metadata.occurredAt,
})

const evolveAll = (state: WorkflowState, events: readonly RecordedEvent<WorkflowEvent>[]): WorkflowState => {
  const [first, ...rest] = events
  if (!first) return state
  if (!state) return first.type === 'WorkflowCreated' ? evolveAll(created(first), rest) : evolveAll(undefined, rest)
  const fold: Fold = { ...state, nodes: new Map(state.nodes), edges: new Map(state.edges) }
  for (const event of events) apply(fold, event)
  fold.updatedAt = events[events.length - 1]?.metadata.occurredAt ?? state.updatedAt
  return fold
}

/** VersionSaved holds the whole definition, so a long stream is loaded from the last one. Archived workflows save none. */
const fromSnapshot = (event: RecordedEvent<WorkflowEvent>): WorkflowState => {
  if (event.type !== 'VersionSaved') return undefined
  const { name, description, publishedVersion, publishedSubworkflows = [], createdAt, snapshot } = event.data
  return {
    id: idOfStream(event.stream),
    name,
    description,
    settings: snapshot.settings,
    nodes: new Map(snapshot.nodes.map((node) => [node.id, node])),
    edges: new Map(snapshot.edges.map((edge) => [edge.id, edge])),
    archived: false,
    latestVersion: savedVersion(event),
    publishedVersion,
    publishedSubworkflows,
    createdAt,
    updatedAt: event.metadata.occurredAt,
  }
}

/** Stream `workflow-<uuid>`. Folding is pure and total: an event about a node that is not there changes nothing. */
export const workflowAggregate = {
  category: 'workflow',
  initialState: undefined as WorkflowState,
  evolve: (state: WorkflowState, event: RecordedEvent<WorkflowEvent>): WorkflowState => evolveAll(state, [event]),
  evolveAll,
  snapshotType: 'VersionSaved',
  fromSnapshot,
} as const

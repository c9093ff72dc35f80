import type { Edge, WorkflowNode } from '../domain/definition.js'
import type { WorkflowEvent } from '../domain/events/catalogue/index.js'
import type { Actor } from '../domain/events/metadata.js'
import type { RecordedEvent } from '../domain/events/recordedEvent.js'
import type { JsonValue } from '../domain/json.js'
import { type Leaf, leavesOf, sameLeaf } from './leaves.js'

/** Who set a leaf of the definition to what it is, when, by which event. */
export interface BlameEntry {
  /** JSON pointer into the definition, with nodes and edges by id: `/nodes/<id>/config/url`, `/name`, `/settings/timeoutMs`. */
  readonly pointer: string
  readonly value: Leaf
  /** What that event replaced; left out where there was no leaf at this pointer. */
  readonly before?: Leaf
  readonly eventId: string
  readonly eventType: string
  readonly revision: number
  /** The command's time (ISO). */
  readonly at: string
  readonly actor: Actor
}

type Entries = Map<string, BlameEntry>
/** Leaves by the part of the definition that they belong to (`/nodes/<id>/config`), so that a part is replaced at once. */
type Parts = Map<string, Entries>

/** Sets a part anew: leaves that stay as they were keep whom they had. */
const setPart = (parts: Parts, pointer: string, value: JsonValue, event: RecordedEvent<WorkflowEvent>): void => {
  const before = parts.get(pointer)
  const after: Entries = new Map()
  const { actor, occurredAt: at } = event.metadata
  for (const [leafPointer, leaf] of leavesOf(value, pointer)) {
    const known = before?.get(leafPointer)
    const kept = known !== undefined && sameLeaf(known.value, leaf)
    const entry = {
      pointer: leafPointer,
      value: leaf,
      ...(known !== undefined && { before: known.value }),
      eventId: event.id,
      eventType: event.type,
      revision: event.revision,
      at,
      actor,
    }
    after.set(leafPointer, kept ? known : entry)
  }
  parts.set(pointer, after)
}

/** What an event says of parts: pointer and value; undefined takes the part away. */
type PartChange = readonly [pointer: string, value: unknown]

const nodeMembers = ['id', 'key', 'type', 'config', 'position', 'policy'] as const
const edgeMembers = ['id', 'sourceNodeId', 'sourcePort', 'targetNodeId'] as const

/** Of a node as it is now; left out: it is gone. */
const nodeParts = (id: string, node?: WorkflowNode): PartChange[] =>
  nodeMembers.map((member) => [`/nodes/${id}/${member}`, node?.[member]])

const edgeParts = (id: string, edge?: Edge): PartChange[] =>
  edgeMembers.map((member) => [`/edges/${id}/${member}`, edge?.[member]])

const changesOf = (event: RecordedEvent<WorkflowEvent>): readonly PartChange[] => {
  switch (event.type) {
    case 'WorkflowCreated':
      return (['name', 'description', 'settings'] as const).map((member) => [`/${member}`, event.data[member]])
    case 'WorkflowRenamed':
      return [['/name', event.data.name]]
    case 'WorkflowDescribed':
      return [['/description', event.data.description]]
    case 'WorkflowSettingsChanged':
      return [['/settings', event.data.settings]]
    case 'NodeAdded':
      return nodeParts(event.data.node.id, event.data.node)
    case 'NodeConfigured':
      return [[`/nodes/${event.data.nodeId}/config`, event.data.config]]
    case 'NodeRenamed':
      return [[`/nodes/${event.data.nodeId}/key`, event.data.key]]
    case 'NodePolicySet':
      return [[`/nodes/${event.data.nodeId}/policy`, event.data.policy]]
    case 'NodeMoved':
      return [[`/nodes/${event.data.nodeId}/position`, event.data.position]]
    case 'NodeRemoved':
      return nodeParts(event.data.nodeId)
    case 'EdgeAdded':
      return edgeParts(event.data.edge.id, event.data.edge)
    case 'EdgeRemoved':
      return edgeParts(event.data.edgeId)
    case 'DraftEdited':
      return [
        ...event.data.edgesRemoved.flatMap((id) => edgeParts(id)),
        ...event.data.nodesRemoved.flatMap((id) => nodeParts(id)),
        ...event.data.nodesChanged.flatMap(({ nodeId, ...changed }) =>
          Object.entries(changed).map(([member, value]): PartChange => [`/nodes/${nodeId}/${member}`, value]),
        ),
        ...event.data.nodesAdded.flatMap((node) => nodeParts(node.id, node)),
        ...event.data.edgesAdded.flatMap((edge) => edgeParts(edge.id, edge)),
      ]
    default:
      return []
  }
}

/** What is said of a node that is not there (it can't be, but folding is total) says nothing. */
const isAbout = (parts: Parts, event: RecordedEvent<WorkflowEvent>): boolean =>
  !('nodeId' in event.data) || parts.has(`/nodes/${event.data.nodeId}/id`)

const apply = (parts: Parts, event: RecordedEvent<WorkflowEvent>): void => {
  if (!isAbout(parts, event)) return
  for (const [pointer, value] of changesOf(event)) {
    if (value === undefined) parts.delete(pointer)
    else setPart(parts, pointer, value as JsonValue, event)
  }
}

/** For each leaf of the draft after these events (all of the stream, in order) the event that made it what it is. */
export const createBlame = (): { add(event: RecordedEvent<WorkflowEvent>): void; entries(): BlameEntry[] } => {
  const parts: Parts = new Map()
  return {
    add: (event) => apply(parts, event),
    entries: () => [...parts.values()].flatMap((entries) => [...entries.values()]),
  }
}

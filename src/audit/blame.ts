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

const asJson = (value: unknown): JsonValue => value as JsonValue

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

const setObject = (parts: Parts, pointer: string, object: object, event: RecordedEvent<WorkflowEvent>): void => {
  for (const [key, value] of Object.entries(object)) setPart(parts, `${pointer}/${key}`, asJson(value), event)
}

const removeObject = (parts: Parts, pointer: string): void => {
  for (const part of [...parts.keys()]) if (part.startsWith(`${pointer}/`)) parts.delete(part)
}

const hasNode = (parts: Parts, nodeId: string): boolean => parts.has(`/nodes/${nodeId}/id`)

const apply = (parts: Parts, event: RecordedEvent<WorkflowEvent>): void => {
  const changeNode = (nodeId: string, member: string, value: unknown): void => {
    if (hasNode(parts, nodeId)) setPart(parts, `/nodes/${nodeId}/${member}`, asJson(value), event)
  }
  switch (event.type) {
    case 'WorkflowCreated':
      setPart(parts, '/name', event.data.name, event)
      setPart(parts, '/description', event.data.description, event)
      return setPart(parts, '/settings', asJson(event.data.settings), event)
    case 'WorkflowRenamed':
      return setPart(parts, '/name', event.data.name, event)
    case 'WorkflowDescribed':
      return setPart(parts, '/description', event.data.description, event)
    case 'WorkflowSettingsChanged':
      return setPart(parts, '/settings', asJson(event.data.settings), event)
    case 'NodeAdded':
      return setObject(parts, `/nodes/${event.data.node.id}`, event.data.node, event)
    case 'NodeConfigured':
      return changeNode(event.data.nodeId, 'config', event.data.config)
    case 'NodeRenamed':
      return changeNode(event.data.nodeId, 'key', event.data.key)
    case 'NodePolicySet':
      return changeNode(event.data.nodeId, 'policy', event.data.policy)
    case 'NodeMoved':
      return changeNode(event.data.nodeId, 'position', event.data.position)
    case 'NodeRemoved':
      return removeObject(parts, `/nodes/${event.data.nodeId}`)
    case 'EdgeAdded':
      return setObject(parts, `/edges/${event.data.edge.id}`, event.data.edge, event)
    case 'EdgeRemoved':
      return removeObject(parts, `/edges/${event.data.edgeId}`)
    default:
      return
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

import { canonicalJson } from '../canonicalJson.js'
import type { EventData, WorkflowEvent } from '../events/catalogue/index.js'
import { applyEdit, type DraftGraph, isGraphEdit } from './applyEdit.js'
import { definitionEdits } from './definitionEdits.js'
import type { WorkflowState } from './state.js'

type Gathered = EventData<'DraftEdited'>
type Kind = keyof Gathered
type Part = { [K in Kind]: { readonly kind: K; readonly value: Gathered[K][number] } }[Kind]

/** Bytes of the parts in one event: well below what one event may have, with what stands around them. */
const maxBytes = 192 * 1024

const byId = (a: { readonly id: string }, b: { readonly id: string }): number => (a.id < b.id ? -1 : 1)

/** The net change between two graphs, in the order in which a `DraftEdited` is folded. */
const partsBetween = (before: DraftGraph, after: DraftGraph): Part[] => {
  // What is added together is ordered by id, as read models do it that know no other order within an event.
  const sorted = {
    nodes: new Map([...after.nodes.values()].sort(byId).map((node) => [node.id, node])),
    edges: new Map([...after.edges.values()].sort(byId).map((edge) => [edge.id, edge])),
    settings: {},
  }
  const changed = new Map<string, Gathered['nodesChanged'][number]>()
  const gone: Part[] = []
  const added: Part[] = []
  for (const event of definitionEdits({ ...before, settings: {} }, sorted)) {
    switch (event.type) {
      case 'EdgeRemoved':
        gone.push({ kind: 'edgesRemoved', value: event.data.edgeId })
        break
      case 'NodeRemoved':
        gone.push({ kind: 'nodesRemoved', value: event.data.nodeId })
        break
      case 'NodeAdded':
        added.push({ kind: 'nodesAdded', value: event.data.node })
        break
      case 'EdgeAdded':
        added.push({ kind: 'edgesAdded', value: event.data.edge })
        break
      case 'NodeRenamed':
      case 'NodeConfigured':
      case 'NodePolicySet':
      case 'NodeMoved':
        changed.set(event.data.nodeId, { ...changed.get(event.data.nodeId), ...event.data })
    }
  }
  return [...gone, ...[...changed.values()].map((value): Part => ({ kind: 'nodesChanged', value })), ...added]
}

const draftEdited = (parts: readonly Part[]): WorkflowEvent => {
  const data: { [K in Kind]: Gathered[K][number][] } = {
    edgesRemoved: [],
    nodesRemoved: [],
    nodesChanged: [],
    nodesAdded: [],
    edgesAdded: [],
  }
  for (const { kind, value } of parts) (data[kind] as unknown[]).push(value)
  return { type: 'DraftEdited', data: data as Gathered }
}

/**
 * The same change of the draft in as few events as possible: what the edits of the graph come to, as `DraftEdited`, after
 * everything else that was decided. Any legal draft becomes any other one in less than one append may hold (ADR 18).
 */
export const gatherEdits = (state: WorkflowState, events: readonly WorkflowEvent[]): WorkflowEvent[] => {
  const before: DraftGraph = state ?? { nodes: new Map(), edges: new Map() }
  const after = { nodes: new Map(before.nodes), edges: new Map(before.edges) }
  for (const event of events) applyEdit(after, event)
  const gathered: WorkflowEvent[] = []
  let parts: Part[] = []
  let bytes = 0
  const flush = (): void => {
    if (parts.length > 0) gathered.push(draftEdited(parts))
    parts = []
    bytes = 0
  }
  for (const part of partsBetween(before, after)) {
    const size = Buffer.byteLength(canonicalJson(part.value)) + 1
    if (bytes + size > maxBytes) flush()
    parts.push(part)
    bytes += size
  }
  flush()
  return [...events.filter((event) => !isGraphEdit(event)), ...gathered]
}

import { sameJson } from '../canonicalJson.js'
import type { InputError } from '../errors.js'
import type { WorkflowEvent } from '../events/catalogue/index.js'
import { createDraftGraph } from './draftGraph.js'
import { checkLimits } from './limits.js'
import type { ReadyEdit } from './readyEdit.js'
import type { Workflow } from './state.js'

/** Applies edits one after the other to a copy of a draft and gathers the events that they come to. */
export interface DraftEditor {
  /** What is wrong with the edit, with pointers into it; then it changes nothing. */
  apply(edit: ReadyEdit): InputError[]
  /** Throws where the draft has grown over its limits. */
  finish(): readonly WorkflowEvent[]
}

export const createDraftEditor = (workflow: Workflow): DraftEditor => {
  const events: WorkflowEvent[] = []
  const graph = createDraftGraph(workflow, (event) => void events.push(event))
  let { name, description, settings } = workflow

  const apply = (edit: ReadyEdit): InputError[] => {
    switch (edit.op) {
      case 'addNode':
        return graph.addNode(edit)
      case 'configureNode': {
        const { config } = edit
        return graph.change(edit.nodeId, { config }, (nodeId) => ({ type: 'NodeConfigured', data: { nodeId, config } }))
      }
      case 'renameNode':
        return graph.renameNode(edit)
      case 'setNodePolicy': {
        const { policy } = edit
        return graph.change(edit.nodeId, { policy }, (nodeId) => ({ type: 'NodePolicySet', data: { nodeId, policy } }))
      }
      case 'moveNode': {
        const { position } = edit
        return graph.change(edit.nodeId, { position }, (nodeId) => ({ type: 'NodeMoved', data: { nodeId, position } }))
      }
      case 'removeNode':
        return graph.removeNode(edit)
      case 'addEdge':
        return graph.addEdge(edit)
      case 'removeEdge':
        return graph.removeEdge(edit)
      case 'rename':
        if (edit.name !== name) events.push({ type: 'WorkflowRenamed', data: { name: edit.name } })
        name = edit.name
        return []
      case 'describe':
        if (edit.description !== description) {
          events.push({ type: 'WorkflowDescribed', data: { description: edit.description } })
        }
        description = edit.description
        return []
      case 'changeSettings':
        if (!sameJson(edit.settings, settings)) {
          events.push({ type: 'WorkflowSettingsChanged', data: { settings: edit.settings } })
        }
        settings = edit.settings
        return []
    }
  }

  return {
    apply,
    finish: () => {
      if (events.length > 0) checkLimits({ nodes: graph.nodes, edges: graph.edges, settings })
      return events
    },
  }
}

import type { Edge, Policy, Position, Settings, WorkflowNode } from '../../domain/definition.js'
import type { WorkflowEvent } from '../../domain/events/catalogue/index.js'
import type { RecordedEvent } from '../../domain/events/recordedEvent.js'
import type { Finding } from '../../domain/findings.js'
import type { JsonObject } from '../../domain/json.js'
import type { Edit, NewDefinition, NewEdge, NewNode } from '../../domain/workflow/edits.js'
import type { SavedVersion, Workflow } from '../../domain/workflow/state.js'
import type { CommandContext, LoadOptions } from '../commandHandler.js'

/** What a command on a workflow led to: the workflow just after it, at `revision` of its stream. */
export interface WorkflowOutcome {
  readonly workflow: Workflow
  readonly revision: number
  /** Log position of the last event; undefined when nothing was to be written. */
  readonly position: bigint | undefined
  readonly events: readonly RecordedEvent<WorkflowEvent>[]
  readonly replayed: boolean
}

export interface NodeOutcome extends WorkflowOutcome {
  readonly node: WorkflowNode
}

export interface EdgeOutcome extends WorkflowOutcome {
  readonly edge: Edge
}

export interface VersionOutcome extends WorkflowOutcome {
  readonly version: SavedVersion
  /** False where the draft had not changed since that version: nothing was written. */
  readonly created: boolean
}

export interface CreateWorkflow {
  readonly name: string
  readonly description?: string | undefined
  readonly nodes?: readonly NewNode[] | undefined
  readonly edges?: readonly NewEdge[] | undefined
  readonly settings?: Settings | undefined
}

/** Absent members stay as they are. Settings are replaced as a whole. */
export interface ChangeWorkflow {
  readonly name?: string | undefined
  readonly description?: string | undefined
  readonly settings?: Settings | undefined
}

/** Absent members stay as they are. Config and policy are replaced as a whole. */
export interface ChangeNode {
  readonly key?: string | undefined
  readonly config?: JsonObject | undefined
  readonly position?: Position | undefined
  readonly policy?: Policy | undefined
}

export interface LoadedWorkflow {
  readonly workflow: Workflow
  readonly revision: number
}

/**
 * Everything that changes a workflow. Each call is one command, one append, all or nothing. Refusals are FlowledgerErrors:
 * `workflow_not_found`, `node_not_found`, `edge_not_found`, `version_not_found` (404), `workflow_archived`, `duplicate_key`,
 * `duplicate_id` (409), `dangling_edge`, `invalid_edits`, `invalid_definition`, `version_invalid` (422, with `errors`),
 * `definition_too_large`, `too_many_nodes`, `too_many_edges`, `event_too_large`, `append_too_large` (413),
 * `revision_mismatch` (412), `concurrent_change` (409), `log_unavailable` (503).
 *
 * Without `ifMatch` a command is decided on the newest state of the workflow, so edits of different nodes never stand in
 * each other's way and of two edits of one field the later wins; what refers to a node or an edge that is gone is refused.
 */
export interface WorkflowCommands {
  create(context: CommandContext, input: CreateWorkflow): Promise<WorkflowOutcome>
  change(context: CommandContext, workflowId: string, input: ChangeWorkflow): Promise<WorkflowOutcome>
  archive(context: CommandContext, workflowId: string): Promise<WorkflowOutcome>
  restore(context: CommandContext, workflowId: string): Promise<WorkflowOutcome>
  addNode(context: CommandContext, workflowId: string, input: NewNode): Promise<NodeOutcome>
  changeNode(context: CommandContext, workflowId: string, nodeId: string, input: ChangeNode): Promise<NodeOutcome>
  removeNode(context: CommandContext, workflowId: string, nodeId: string): Promise<WorkflowOutcome>
  addEdge(context: CommandContext, workflowId: string, input: NewEdge): Promise<EdgeOutcome>
  removeEdge(context: CommandContext, workflowId: string, edgeId: string): Promise<WorkflowOutcome>
  edit(context: CommandContext, workflowId: string, edits: readonly Edit[]): Promise<WorkflowOutcome>
  importDefinition(context: CommandContext, workflowId: string, definition: NewDefinition): Promise<WorkflowOutcome>
  saveVersion(
    context: CommandContext,
    workflowId: string,
    input: { label?: string | undefined },
  ): Promise<VersionOutcome>
  publish(context: CommandContext, workflowId: string, number: number): Promise<WorkflowOutcome>
  unpublish(context: CommandContext, workflowId: string): Promise<WorkflowOutcome>
  /** The draft becomes that version, as edits. */
  restoreVersion(context: CommandContext, workflowId: string, number: number): Promise<WorkflowOutcome>
  /** Undefined where there is no such workflow. Always the newest state, unless `maxAgeMs` says that an older one is good enough. */
  load(workflowId: string, options?: LoadOptions): Promise<LoadedWorkflow | undefined>
  /** Findings of the draft as it is now. Throws `workflow_not_found`. */
  validate(workflowId: string): Promise<readonly Finding[]>
}

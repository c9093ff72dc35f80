import type { Definition, Edge, PinnedSubworkflow, Settings, WorkflowNode } from '../definition.js'
import type { Actor } from '../events/metadata.js'
import type { Finding } from '../findings.js'

/** A version as it was saved. It never changes. */
export interface SavedVersion {
  readonly versionId: string
  readonly number: number
  readonly label: string | null
  readonly snapshot: Definition
  readonly contentHash: string
  /** What validation said when it was saved. */
  readonly findings: readonly Finding[]
  readonly createdAt: string
  readonly createdBy: Actor
}

export type WorkflowStatus = 'draft' | 'versioned' | 'published' | 'archived'

/**
 * A workflow with its draft, folded from its stream. Nodes and edges by id, in the order in which they were added. Never
 * changed in place.
 */
export interface Workflow {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly settings: Settings
  readonly nodes: ReadonlyMap<string, WorkflowNode>
  readonly edges: ReadonlyMap<string, Edge>
  readonly archived: boolean
  /** The newest saved version. */
  readonly latestVersion: SavedVersion | null
  readonly publishedVersion: number | null
  /** Versions of child workflows that were pinned with it. */
  readonly publishedSubworkflows: readonly PinnedSubworkflow[]
  readonly createdAt: string
  readonly updatedAt: string
}

/** Undefined as long as the stream has no event. */
export type WorkflowState = Workflow | undefined

/** Draft -> (save) versioned -> (publish) published; editing a published workflow keeps it published. */
export const statusOf = (workflow: Workflow): WorkflowStatus => {
  if (workflow.archived) return 'archived'
  if (workflow.publishedVersion !== null) return 'published'
  return workflow.latestVersion === null ? 'draft' : 'versioned'
}

/** The draft as a definition. */
export const draftOf = ({ nodes, edges, settings }: Pick<Workflow, 'nodes' | 'edges' | 'settings'>): Definition => ({
  nodes: [...nodes.values()],
  edges: [...edges.values()],
  settings,
})

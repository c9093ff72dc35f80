import type { z } from 'zod'
import type { SavedVersion, Workflow } from '../../domain/workflow/state.js'
import { statusOf } from '../../domain/workflow/state.js'
import type { versionView as versionSchema, workflowView as workflowSchema } from '../schemas/workflow.js'

/** A workflow as the API shows it, from its folded state. */
export const workflowView = (workflow: Workflow, revision: number): z.input<typeof workflowSchema> => ({
  id: workflow.id,
  name: workflow.name,
  description: workflow.description,
  status: statusOf(workflow),
  latestVersion: workflow.latestVersion?.number ?? null,
  publishedVersion: workflow.publishedVersion,
  nodes: [...workflow.nodes.values()],
  edges: [...workflow.edges.values()],
  settings: workflow.settings,
  revision,
  createdAt: workflow.createdAt,
  updatedAt: workflow.updatedAt,
})

/** A version as the API shows it, from what was saved. */
export const versionView = (workflow: Workflow, version: SavedVersion): z.input<typeof versionSchema> => ({
  id: version.versionId,
  workflowId: workflow.id,
  number: version.number,
  label: version.label,
  snapshot: version.snapshot,
  contentHash: version.contentHash,
  published: workflow.publishedVersion === version.number,
  findings: version.findings,
  createdAt: version.createdAt,
  createdBy: version.createdBy,
})

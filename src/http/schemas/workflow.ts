import { z } from 'zod'
import { workflowDescriptionSchema, workflowNameSchema } from '../../domain/workflow/edits.js'
import { idSchema, revisionSchema, timeSchema } from './common.js'
import { actor } from './event.js'
import { edgeInput, edgeView, findingView, nodeInput, nodeView, settings } from './graph.js'

export const workflowStatus = z.enum(['draft', 'versioned', 'published', 'archived'])

export const createWorkflowBody = z
  .strictObject({
    name: workflowNameSchema,
    description: workflowDescriptionSchema.optional(),
    nodes: z.array(nodeInput).optional(),
    edges: z.array(edgeInput).optional(),
    settings: settings.optional(),
  })
  .meta({ id: 'CreateWorkflow' })

export const changeWorkflowBody = z
  .strictObject({
    name: workflowNameSchema.optional(),
    description: workflowDescriptionSchema.optional(),
    settings: settings.optional(),
  })
  .meta({ id: 'ChangeWorkflow', description: 'Absent members stay as they are; settings are replaced as a whole' })

const workflowFields = {
  id: idSchema,
  name: z.string(),
  description: z.string(),
  status: workflowStatus,
  latestVersion: z.int().nullable(),
  publishedVersion: z.int().nullable(),
  settings,
  revision: revisionSchema,
  createdAt: timeSchema,
  updatedAt: timeSchema,
}

export const workflowView = z
  .object({ ...workflowFields, nodes: z.array(nodeView).readonly(), edges: z.array(edgeView).readonly() })
  .meta({ id: 'Workflow' })

/** Lists carry no graphs. */
export const workflowSummary = z.object(workflowFields).meta({ id: 'WorkflowSummary' })

export const versionView = z
  .object({
    id: idSchema,
    workflowId: idSchema,
    number: z.int().min(1),
    label: z.string().nullable(),
    snapshot: z.object({ nodes: z.array(nodeView), edges: z.array(edgeView), settings }),
    contentHash: z.string(),
    published: z.boolean(),
    findings: z.array(findingView).readonly().meta({ description: 'What validation said when it was saved' }),
    createdAt: timeSchema,
    createdBy: actor,
  })
  .meta({ id: 'Version' })

export const versionSummary = versionView.omit({ snapshot: true }).meta({ id: 'VersionSummary' })

import { z } from 'zod'
import {
  definitionSchema,
  edgeSchema,
  nodeKeySchema,
  nodeSchema,
  pinnedSubworkflowSchema,
  policySchema,
  positionSchema,
  settingsSchema,
} from '../../definition.js'
import { findingSchema } from '../../findings.js'
import { jsonObjectSchema } from '../../jsonSchema.js'
import { first } from './eventType.js'

const nodeId = z.uuid()
const number = z.int().min(1)
const changedNode = nodeSchema.pick({ key: true, config: true, position: true, policy: true }).partial().shape

/** Stream `workflow-<uuid>`. An edit is its intent, never a copy of the graph; VersionSaved stands on its own. */
export const workflowEvents = {
  WorkflowCreated: first(
    z.strictObject({ workflowId: z.uuid(), name: z.string(), description: z.string(), settings: settingsSchema }),
  ),
  WorkflowRenamed: first(z.strictObject({ name: z.string() })),
  WorkflowDescribed: first(z.strictObject({ description: z.string() })),
  WorkflowSettingsChanged: first(z.strictObject({ settings: settingsSchema })),
  WorkflowArchived: first(z.strictObject({})),
  WorkflowRestored: first(z.strictObject({})),
  NodeAdded: first(z.strictObject({ node: nodeSchema })),
  NodeConfigured: first(z.strictObject({ nodeId, config: jsonObjectSchema })),
  NodeRenamed: first(z.strictObject({ nodeId, key: nodeKeySchema })),
  NodePolicySet: first(z.strictObject({ nodeId, policy: policySchema })),
  NodeMoved: first(z.strictObject({ nodeId, position: positionSchema })),
  NodeRemoved: first(z.strictObject({ nodeId })),
  EdgeAdded: first(z.strictObject({ edge: edgeSchema })),
  EdgeRemoved: first(z.strictObject({ edgeId: z.uuid() })),
  /**
   * What many edits at once come to, where an event for each would not fit into one append (ADR 18). Folded in the order of
   * these members; what is added is ordered by id.
   */
  DraftEdited: first(
    z.strictObject({
      edgesRemoved: z.array(z.uuid()),
      nodesRemoved: z.array(nodeId),
      nodesChanged: z.array(z.strictObject({ nodeId, ...changedNode })),
      nodesAdded: z.array(nodeSchema),
      edgesAdded: z.array(edgeSchema),
    }),
  ),
  /** The draft becomes that version; the edits that do it follow in the same append. */
  DraftRestored: first(z.strictObject({ number, contentHash: z.string() })),
  /** `name`, `description`, `publishedVersion`, `createdAt` let a long stream be loaded from here on. */
  VersionSaved: first(
    z.strictObject({
      versionId: z.uuid(),
      number,
      label: z.string().nullable(),
      snapshot: definitionSchema,
      contentHash: z.string(),
      findings: z.array(findingSchema),
      name: z.string(),
      description: z.string(),
      publishedVersion: number.nullable(),
      publishedSubworkflows: z.array(pinnedSubworkflowSchema).optional(),
      createdAt: z.string(),
    }),
  ),
  VersionPublished: first(
    z.strictObject({
      versionId: z.uuid(),
      number,
      contentHash: z.string(),
      subworkflows: z.array(pinnedSubworkflowSchema).optional(),
    }),
  ),
  WorkflowUnpublished: first(z.strictObject({ number })),
} as const

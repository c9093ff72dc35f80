import { z } from 'zod'
import { nodeKeySchema, policySchema, positionSchema, settingsSchema } from '../definition.js'
import { jsonObjectSchema } from '../jsonSchema.js'

/** A node's id, or its key. */
const nodeReferenceSchema = z.string().min(1).max(64)

/** A node as it is added: what is missing becomes a fresh id, an empty config, the position 0, 0 and an empty policy. */
export const newNodeSchema = z.strictObject({
  id: z.uuid().optional(),
  key: nodeKeySchema,
  type: z.string().min(1).max(64),
  config: jsonObjectSchema.optional(),
  position: positionSchema.optional(),
  policy: policySchema.optional(),
})

/** An edge as it is added; it names its nodes by id or key. `sourcePort` is `out` where it is missing. */
export const newEdgeSchema = z.strictObject({
  id: z.uuid().optional(),
  sourceNodeId: nodeReferenceSchema,
  sourcePort: z.string().min(1).max(64).optional(),
  targetNodeId: nodeReferenceSchema,
})

export const workflowNameSchema = z.string().trim().min(1).max(200)
export const workflowDescriptionSchema = z.string().max(10_000)

const nodeId = nodeReferenceSchema

/** The edits of a draft, as `POST …/edits` takes them. Nodes are named by id or key. */
export const editSchema = z.discriminatedUnion('op', [
  newNodeSchema.extend({ op: z.literal('addNode') }),
  z.strictObject({ op: z.literal('configureNode'), nodeId, config: jsonObjectSchema }),
  z.strictObject({ op: z.literal('renameNode'), nodeId, key: nodeKeySchema }),
  z.strictObject({ op: z.literal('setNodePolicy'), nodeId, policy: policySchema }),
  z.strictObject({ op: z.literal('moveNode'), nodeId, position: positionSchema }),
  z.strictObject({ op: z.literal('removeNode'), nodeId }),
  newEdgeSchema.extend({ op: z.literal('addEdge') }),
  z.strictObject({ op: z.literal('removeEdge'), edgeId: z.uuid() }),
  z.strictObject({ op: z.literal('rename'), name: workflowNameSchema }),
  z.strictObject({ op: z.literal('describe'), description: workflowDescriptionSchema }),
  z.strictObject({ op: z.literal('changeSettings'), settings: settingsSchema }),
])

/** A whole graph as it is imported. Absent settings stay as they are. */
export const newDefinitionSchema = z.strictObject({
  nodes: z.array(newNodeSchema),
  edges: z.array(newEdgeSchema),
  settings: settingsSchema.optional(),
})

export type NewNode = z.infer<typeof newNodeSchema>
export type NewEdge = z.infer<typeof newEdgeSchema>
export type Edit = z.infer<typeof editSchema>
export type NewDefinition = z.infer<typeof newDefinitionSchema>

import { z } from 'zod'
import { nodeKeySchema, policySchema, settingsSchema } from '../../domain/definition.js'
import { findingSchema } from '../../domain/findings.js'
import { editSchema, newDefinitionSchema, newEdgeSchema, newNodeSchema } from '../../domain/workflow/edits.js'
import { idSchema, jsonObject } from './common.js'

export const policy = policySchema.meta({
  id: 'Policy',
  description: 'Join, retries, timeout and what follows an error',
})
export const settings = settingsSchema.meta({ id: 'Settings' })

export const nodeInput = newNodeSchema.meta({ id: 'NodeInput' })
export const edgeInput = newEdgeSchema.meta({ id: 'EdgeInput', description: 'Nodes are named by id or key' })
export const definitionInput = newDefinitionSchema.meta({ id: 'DefinitionInput' })
export const edit = editSchema.meta({ id: 'Edit' })

export const changeNodeBody = newNodeSchema
  .pick({ config: true, position: true, policy: true })
  .extend({ key: nodeKeySchema.optional() })
  .meta({ id: 'ChangeNode', description: 'Absent members stay as they are' })

export const nodeView = z
  .object({
    id: idSchema,
    key: nodeKeySchema,
    type: z.string(),
    config: jsonObject,
    position: z.object({ x: z.int(), y: z.int() }),
    policy,
  })
  .meta({ id: 'Node' })

export const edgeView = z
  .object({ id: idSchema, sourceNodeId: idSchema, sourcePort: z.string(), targetNodeId: idSchema })
  .meta({ id: 'Edge' })

export const findingView = findingSchema.meta({ id: 'Finding' })

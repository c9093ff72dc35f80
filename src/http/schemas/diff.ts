import { z } from 'zod'
import { idSchema, jsonSchema } from './common.js'
import { edgeView, nodeView } from './graph.js'

const pointer = z.string()
const fieldChange = z
  .discriminatedUnion('op', [
    z.object({ op: z.literal('add'), pointer, after: jsonSchema }),
    z.object({ op: z.literal('remove'), pointer, before: jsonSchema }),
    z.object({ op: z.literal('replace'), pointer, before: jsonSchema, after: jsonSchema }),
  ])
  .meta({ id: 'FieldChange', description: 'A leaf or branch that differs; the pointer leads from what was compared' })
const changes = z.array(fieldChange).readonly()
const position = z.object({ x: z.int(), y: z.int() })

const keys = { sourceKey: z.string(), targetKey: z.string() }
const namedEdge = edgeView.extend(keys).meta({ id: 'NamedEdge', description: 'An edge with the keys of its nodes' })

export const diffView = z
  .object({
    nodes: z.object({
      added: z.array(nodeView).readonly(),
      removed: z.array(nodeView).readonly(),
      changed: z.array(z.object({ nodeId: idSchema, key: z.string(), changes })).readonly(),
      moved: z.array(z.object({ nodeId: idSchema, key: z.string(), from: position, to: position })).readonly(),
    }),
    edges: z.object({
      added: z.array(namedEdge).readonly(),
      removed: z.array(namedEdge).readonly(),
      changed: z.array(z.object({ edgeId: idSchema, ...keys, changes })).readonly(),
    }),
    settings: changes,
  })
  .meta({ id: 'DefinitionDiff' })

import { v5 as uuidv5 } from 'uuid'
import type { Definition, Policy, Settings } from '../../../src/domain/definition.js'
import type { JsonObject } from '../../../src/domain/json.js'

const namespace = '6f1ad1f0-2f5c-4f5e-9a57-0c8f4b8d3f10'

/** The id that every test definition gives to the node of this key. */
export const idOf = (key: string): string => uuidv5(key, namespace)

export interface NodeSpec {
  readonly type: string
  readonly config?: JsonObject
  readonly policy?: Policy
}

/** `a:port -> b`, or `a -> b` for the port `out`. */
const parseEdge = (text: string) => {
  const [from = '', to = ''] = text.split('->').map((part) => part.trim())
  const [source = '', port = 'out'] = from.split(':')
  return { source, port, target: to }
}

/** A definition from nodes by key and edges as text; ids are derived from the keys. */
export const define = (
  nodes: Record<string, NodeSpec>,
  edges: readonly string[],
  settings: Settings = {},
): Definition => ({
  nodes: Object.entries(nodes).map(([key, { type, config = {}, policy = {} }]) => ({
    id: idOf(key),
    key,
    type,
    config,
    policy,
    position: { x: 0, y: 0 },
  })),
  edges: edges.map((text, index) => {
    const { source, port, target } = parseEdge(text)
    return {
      id: uuidv5(`edge ${index} ${text}`, namespace),
      sourceNodeId: idOf(source),
      sourcePort: port,
      targetNodeId: idOf(target),
    }
  }),
  settings,
})

export const manual: NodeSpec = { type: 'trigger.manual' }
export const noop: NodeSpec = { type: 'noop' }
export const transform = (output: JsonObject | string): NodeSpec => ({ type: 'transform', config: { output } })
export const condition = (expression: string): NodeSpec => ({ type: 'condition', config: { expression } })

/** `trigger -> t1 -> t2 …`, each adding one to what it gets. */
export const transformChain = (length: number): Definition => {
  const keys = Array.from({ length }, (_, index) => `t${index + 1}`)
  const nodes = Object.fromEntries(keys.map((key) => [key, transform({ n: '{{ input.n + 1 }}' })]))
  return define(
    { start: manual, ...nodes },
    keys.map((key, index) => `${index === 0 ? 'start' : keys[index - 1]} -> ${key}`),
  )
}

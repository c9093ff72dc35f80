import type { Definition, Edge, WorkflowNode } from '../../definition.js'
import type { ExpressionEngine } from '../../expressions/expressionEngine.js'
import type { Finding } from '../../findings.js'
import type { NodeType, NodeTypes } from '../../nodes/nodeType.js'
import type { GraphIndex } from '../graphIndex.js'

/** A workflow that a node starts, as far as validation must know it. */
export interface KnownSubworkflow {
  /** Ids of the workflows that it starts, itself or through others. */
  readonly starts: ReadonlySet<string>
}

export interface SubworkflowReference {
  readonly workflowId: string
  readonly version?: number
}

export interface ValidationContext {
  readonly nodeTypes: NodeTypes
  readonly engine: ExpressionEngine
  /** Names of the secrets that are set; absent: secrets are not looked at. */
  readonly secretNames?: ReadonlySet<string>
  /** Undefined where there is no such workflow, or it has no such (published) version; absent: not looked at. */
  readonly subworkflows?: (reference: SubworkflowReference) => KnownSubworkflow | undefined
  /** The workflow that the definition belongs to, which it must not start itself. */
  readonly workflowId?: string
}

/** A node with its type, once its config is known to fit it. */
export interface TypedNode {
  readonly node: WorkflowNode
  readonly pointer: string
  readonly type: NodeType
  readonly ports: ReadonlySet<string>
}

/** What all rules look at. Each is linear in nodes and edges. */
export interface RuleInput {
  readonly definition: Definition
  readonly context: ValidationContext
  readonly graph: GraphIndex
  /** Nodes of a known type with a valid config, by id. */
  readonly typed: ReadonlyMap<string, TypedNode>
}

export type Rule = (input: RuleInput) => Finding[]

type Place = Pick<Finding, 'nodeId' | 'edgeId' | 'pointer'>

export const error = (code: string, detail: string, place: Place = {}): Finding => ({
  severity: 'error',
  code,
  detail,
  ...place,
})

export const warning = (code: string, detail: string, place: Place = {}): Finding => ({
  severity: 'warning',
  code,
  detail,
  ...place,
})

export const nodePlace = (node: WorkflowNode, pointer: string): Place => ({ nodeId: node.id, pointer })
export const edgePlace = (edge: Edge, pointer: string): Place => ({ edgeId: edge.id, pointer })

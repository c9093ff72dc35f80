import type { z } from 'zod'
import type { JsonObject } from '../json.js'

/**
 * - `trigger`: starts runs; its output is the run's input; no in-edges.
 * - `pure`: evaluated inline, in the append of what led to it.
 * - `sideEffect`: attempted by an executor; has the port `error` beside its own.
 * - `wait`: waits durably for time, a signal or other runs; has the ports `error` and `timeout` beside its own.
 */
export type NodeKind = 'trigger' | 'pure' | 'sideEffect' | 'wait'

/** A place in a config that holds a bare CEL expression instead of a template string. */
export interface ExpressionField {
  /** JSON pointer into the config. */
  readonly pointer: string
  readonly source: string
}

/** What the rules of a graph need to know of a node type. The runner is the execution's own matter. */
export interface NodeType {
  readonly type: string
  readonly kind: NodeKind
  /** One sentence for people who choose it. */
  readonly description: string
  /** Config as the user writes it: any string may hold `{{ expression }}`, so only literal values are checked strictly. */
  readonly configSchema: z.ZodType
  /** Ports it may emit besides those its kind adds. `config` is valid by `configSchema`. */
  ports(config: JsonObject): readonly string[]
  /** Bare expressions in the config (condition, switch). Everything else is found by its `{{ }}`. */
  expressions?(config: JsonObject): readonly ExpressionField[]
  /** Top-level config fields that must not be searched for `{{ }}` (a code node's source). */
  readonly opaqueFields?: readonly string[]
  /** Top-level config fields in which `{{ secrets.NAME }}` is allowed. */
  readonly secretFields?: readonly string[]
  /** Workflows that it starts, by what the config says literally. */
  subworkflow?(config: JsonObject): { workflowId: string; version?: number } | undefined
  /** True where its attempts run in one of the few threads for users' code. */
  readonly usesThread?: boolean
  /** True where its effect leaves the engine, so that publishing warns when it has no error path. Default: kind is sideEffect. */
  readonly external?: boolean
}

/** All node types by name. */
export type NodeTypes = ReadonlyMap<string, NodeType>

/** Ports of a node: its own, and those that its kind adds. */
export const portsOf = (type: NodeType, config: JsonObject): readonly string[] => {
  const own = type.ports(config)
  if (type.kind === 'sideEffect') return [...own, 'error']
  if (type.kind === 'wait') return [...own, 'error', 'timeout']
  return own
}

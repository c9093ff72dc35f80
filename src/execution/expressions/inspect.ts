import type { References } from '../../domain/expressions/expressionEngine.js'
import type { CelNode } from './celInternals.js'
import { expressionLimits } from './limits.js'
import { type MemberPath, memberPath, pathText } from './memberPath.js'
import { calledName, partsOf } from './syntaxTree.js'

/** What the syntax tree says of an expression before it ever runs. */
export interface Inspection {
  readonly nodeCount: number
  readonly references: References
  /** Its loops are nested, or do per item what takes time itself: it runs in a worker thread. */
  readonly costly: boolean
  /** What it reads, secrets left out. */
  readonly paths: readonly MemberPath[]
}

/** An expression that may not be used though it parses. */
export class InspectionError extends Error {
  constructor(
    readonly code: 'expression_syntax' | 'expression_too_complex',
    message: string,
    readonly offset: number,
  ) {
    super(message)
  }
}

/** Functions whose work grows faster, or with a larger factor, than the size of what they are given. */
const heavy = new Set([
  'matches',
  'sort',
  'sortBy',
  'distinct',
  'unique',
  'toJson',
  'parseJson',
  'json',
  'split',
  'replace',
  'range',
])

/** Throws InspectionError where the tree is too complex, or reads nodes or secrets by a computed name. */
export const inspect = (root: CelNode): Inspection => {
  const nodes = new Set<string>()
  const secrets = new Set<string>()
  const paths = new Map<string, MemberPath>()
  const bound: string[] = []
  let nodeCount = 0
  let costly = false

  const note = (path: MemberPath, at: CelNode): void => {
    const isKeyed = path.root === 'nodes' || path.root === 'secrets'
    if (isKeyed) {
      const [key] = path.steps
      if (typeof key !== 'string') {
        throw new InspectionError(
          'expression_syntax',
          `${path.root} must be read by name: ${path.root}.<name>`,
          at.start,
        )
      }
      ;(path.root === 'nodes' ? nodes : secrets).add(key)
    }
    if (path.root !== 'secrets') paths.set(pathText(path), path)
  }

  const visit = (node: CelNode, loopDepth: number, isPathOwner: boolean): void => {
    nodeCount++
    const path = memberPath(node, (name) => bound.includes(name))
    if (path !== undefined && !isPathOwner) note(path, node)
    if (loopDepth > 0 && heavy.has(calledName(node) ?? '')) costly = true
    const parts = partsOf(node)
    // Of an access, the first child is the owner, whose path is part of this one; a computed index reads for itself.
    for (const [at, child] of parts.children.entries()) visit(child, loopDepth, path !== undefined && at === 0)
    if (parts.bound === undefined) return
    const depth = loopDepth + (parts.bound.isLoop ? 1 : 0)
    if (depth > 1) costly = true
    if (depth > expressionLimits.loopDepth) {
      throw new InspectionError(
        'expression_too_complex',
        `more than ${expressionLimits.loopDepth} loops within loops`,
        node.start,
      )
    }
    bound.push(parts.bound.variable)
    for (const child of parts.bound.children) visit(child, depth, false)
    bound.pop()
  }

  visit(root, 0, false)
  return {
    nodeCount,
    references: { nodes: [...nodes], secrets: [...secrets] },
    costly,
    paths: [...paths.values()],
  }
}

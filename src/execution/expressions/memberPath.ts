import type { CelNode } from './celInternals.js'
import { isScopeName } from './scopeNames.js'

/** `input.items[0]` as its variable and the constant steps from it. */
export interface MemberPath {
  readonly root: string
  readonly steps: readonly (string | number)[]
  /** The path ends before an index that is computed. */
  readonly isWhole: boolean
}

/**
 * The path into the scope that a node reads, where it is one. `isBound` says which names are variables of macros here.
 * Computed indexes end it: `input.items[i].name` is the path `input.items`, not whole.
 */
export const memberPath = (node: CelNode, isBound: (name: string) => boolean): MemberPath | undefined => {
  if (node.op === 'id') {
    const root = String(node.args)
    return isScopeName(root) && !isBound(root) ? { root, steps: [], isWhole: true } : undefined
  }
  if (!['.', '.?', '[]', '[?]'].includes(node.op)) return undefined
  const [owner, member] = node.args as readonly [CelNode, string | CelNode]
  const path = memberPath(owner, isBound)
  if (path === undefined || !path.isWhole) return path
  const step = constantStep(member)
  return step === undefined ? { ...path, isWhole: false } : { ...path, steps: [...path.steps, step] }
}

const constantStep = (member: string | CelNode): string | number | undefined => {
  if (typeof member === 'string') return member
  if (member.op !== 'value') return undefined
  if (typeof member.args === 'string') return member.args
  return typeof member.args === 'bigint' ? Number(member.args) : undefined
}

const isName = /^[A-Za-z_][A-Za-z0-9_]*$/

/** As one would write it: `nodes.fetch.output.items[0]["a b"]`. */
export const pathText = ({ root, steps }: Pick<MemberPath, 'root' | 'steps'>): string =>
  steps.reduce<string>(
    (text, step) => text + (typeof step === 'string' && isName.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`),
    root,
  )

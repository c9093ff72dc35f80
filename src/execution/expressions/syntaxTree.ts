import type { CelNode } from './celInternals.js'

/** Macros that walk a list: `list.map(x, …)`. */
const loops = new Set(['all', 'exists', 'exists_one', 'map', 'filter', 'sortBy'])

/** A node taken apart: its children, and what its variable is called where it binds one for some of them. */
export interface Parts {
  readonly children: readonly CelNode[]
  /** Evaluated once per item (of a loop), or with a variable bound (`cel.bind`). */
  readonly bound?: { readonly variable: string; readonly children: readonly CelNode[]; readonly isLoop: boolean }
}

const none: Parts = { children: [] }

/** The method or function that a call names. */
export const calledName = (node: CelNode): string | undefined =>
  node.op === 'call' || node.op === 'rcall' ? String((node.args as readonly unknown[])[0]) : undefined

export const partsOf = (node: CelNode): Parts => {
  switch (node.op) {
    case 'value':
    case 'id':
      return none
    case '.':
    case '.?':
      return { children: [(node.args as readonly [CelNode])[0]] }
    case '!_':
    case '-_':
      return { children: [node.args as CelNode] }
    case 'map':
      return { children: (node.args as readonly (readonly CelNode[])[]).flat() }
    case 'call':
      return { children: (node.args as readonly [string, readonly CelNode[]])[1] }
    case 'rcall':
      return methodParts(node)
    default:
      return { children: node.args as readonly CelNode[] }
  }
}

const methodParts = (node: CelNode): Parts => {
  const [name, receiver, parameters] = node.args as readonly [string, CelNode, readonly CelNode[]]
  const [variable, ...rest] = parameters
  if (variable?.op === 'id' && rest.length > 0) {
    const bind = { variable: String(variable.args) }
    if (loops.has(name) && rest.length <= 2) {
      return { children: [receiver], bound: { ...bind, children: rest, isLoop: true } }
    }
    if (name === 'bind' && rest.length === 2) {
      return { children: rest.slice(0, 1), bound: { ...bind, children: rest.slice(1), isLoop: false } }
    }
  }
  return { children: [receiver, ...parameters] }
}

/** How many nodes a tree has. */
export const sizeOf = (node: CelNode): number => {
  const { children, bound } = partsOf(node)
  return [...children, ...(bound?.children ?? [])].reduce((sum, child) => sum + sizeOf(child), 1)
}

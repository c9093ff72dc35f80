/** What the tree needs to know of an event. `causationId` is the id of the command or event that led to it. */
export interface CausedEvent {
  readonly id: string
  readonly causationId: string
}

/** An event, or a command of which only the id is known (`event` null), with what it led to, in the given order. */
export interface CorrelationNode<E extends CausedEvent> {
  readonly id: string
  readonly event: E | null
  readonly children: readonly CorrelationNode<E>[]
}

interface Growing<E extends CausedEvent> {
  readonly id: string
  event: E | null
  parent: Growing<E> | undefined
  readonly children: Growing<E>[]
}

const leadsTo = <E extends CausedEvent>(from: Growing<E>, to: Growing<E>): boolean => {
  for (let node: Growing<E> | undefined = to; node !== undefined; node = node.parent) if (node === from) return true
  return false
}

/**
 * The events of one correlation as a forest by causation. A cause that is not among them is a root of its own: the command
 * that a request was. Every event is in it exactly once, also where causes are circular (damage): then the circle is cut.
 */
export const correlationTree = <E extends CausedEvent>(events: readonly E[]): readonly CorrelationNode<E>[] => {
  const nodes = new Map<string, Growing<E>>()
  const nodeOf = (id: string): Growing<E> => {
    const known = nodes.get(id)
    if (known !== undefined) return known
    const made: Growing<E> = { id, event: null, parent: undefined, children: [] }
    nodes.set(id, made)
    return made
  }
  for (const event of events) {
    const node = nodeOf(event.id)
    if (node.event !== null) continue
    node.event = event
    const cause = nodeOf(event.causationId)
    if (leadsTo(node, cause)) continue
    node.parent = cause
    cause.children.push(node)
  }
  return [...nodes.values()].filter((node) => node.parent === undefined)
}

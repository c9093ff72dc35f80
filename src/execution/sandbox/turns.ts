/** Who waits for its turn. Those of one group share it; without a group each is its own. */
export interface Waiting {
  readonly group?: string | undefined
}

/** A queue that goes round among groups: one with much to do does not keep the others waiting. */
export interface Turns<Item extends Waiting> {
  /** False where the group has too many waiting already. */
  join(item: Item): boolean
  /** False where it did not wait. */
  leave(item: Item): boolean
  /** The next one whose group has not all it may have at once; it counts until it is `over`. */
  next(): Item | undefined
  over(item: Item): void
  /** Takes all out that wait. */
  clear(): Item[]
}

export const createTurns = <Item extends Waiting>({
  atOnce,
  waiting,
}: {
  /** How many of one group may have their turn at the same time, and how many may wait for theirs. */
  readonly atOnce: number
  readonly waiting: number
}): Turns<Item> => {
  /** In the order of their turns. */
  const queues = new Map<unknown, Item[]>()
  const active = new Map<unknown, number>()
  const groupOf = (item: Item): unknown => item.group ?? item

  const count = (group: unknown, change: number): void => {
    const now = (active.get(group) ?? 0) + change
    if (now === 0) active.delete(group)
    else active.set(group, now)
  }

  return {
    join: (item) => {
      const group = groupOf(item)
      const queue = queues.get(group) ?? []
      if (queue.length >= waiting) return false
      queue.push(item)
      queues.set(group, queue)
      return true
    },
    leave: (item) => {
      const group = groupOf(item)
      const queue = queues.get(group)
      const at = queue?.indexOf(item) ?? -1
      if (queue === undefined || at < 0) return false
      queue.splice(at, 1)
      if (queue.length === 0) queues.delete(group)
      return true
    },
    next: () => {
      for (const [group, queue] of queues) {
        if ((active.get(group) ?? 0) >= atOnce) continue
        const item = queue.shift()
        queues.delete(group)
        if (queue.length > 0) queues.set(group, queue)
        count(group, 1)
        return item
      }
      return undefined
    },
    over: (item) => count(groupOf(item), -1),
    clear: () => {
      const all = [...queues.values()].flat()
      queues.clear()
      return all
    },
  }
}

/**
 * A map for folds: states that follow each other share what did not change, so that folding n events into a large run costs
 * n small steps instead of n copies of everything. `recent` holds the latest changes over `settled`. Read it with `getIn` and
 * `valuesOf`; only a draft that `thaw` made may be written.
 */
export interface PersistentMap<V> {
  readonly settled: ReadonlyMap<string, V>
  readonly recent: ReadonlyMap<string, V>
}

/** A copy that its owner may write. */
export interface DraftMap<V> extends PersistentMap<V> {
  readonly recent: Map<string, V>
}

const recentLimit = 32

export const emptyMap: PersistentMap<never> = { settled: new Map<string, never>(), recent: new Map<string, never>() }

export const getIn = <V>(map: PersistentMap<V>, key: string): V | undefined =>
  map.recent.get(key) ?? map.settled.get(key)

/** Copies the recent changes only, of which there are few. */
export const thaw = <V>(map: PersistentMap<V>): DraftMap<V> => ({
  settled: map.settled,
  recent: new Map(map.recent),
})

/** Settles the recent changes where they have become many. The draft must not be written afterwards. */
export const freeze = <V>(map: DraftMap<V>): PersistentMap<V> => {
  if (map.recent.size <= recentLimit) return map
  if (map.settled.size === 0) return { settled: map.recent, recent: emptyMap.recent }
  const settled = new Map(map.settled)
  for (const [key, value] of map.recent) settled.set(key, value)
  return { settled, recent: emptyMap.recent }
}

/** Every value once; keys that were set for the first time come in the order of that. */
export function* valuesOf<V>(map: PersistentMap<V>): Generator<V> {
  for (const [key, value] of map.settled) yield map.recent.get(key) ?? value
  for (const [key, value] of map.recent) if (!map.settled.has(key)) yield value
}

/**
 * An immutable map for folds: setting shares what did not change, so that a fold over n events of a large run costs n small
 * copies instead of n copies of everything. `recent` holds the latest changes over `settled`. Read it with the functions here.
 */
export interface PersistentMap<V> {
  readonly settled: ReadonlyMap<string, V>
  readonly recent: ReadonlyMap<string, V>
}

const recentLimit = 24

export const emptyMap: PersistentMap<never> = { settled: new Map<string, never>(), recent: new Map<string, never>() }

export const getIn = <V>(map: PersistentMap<V>, key: string): V | undefined =>
  map.recent.get(key) ?? map.settled.get(key)

export const setIn = <V>(map: PersistentMap<V>, key: string, value: V): PersistentMap<V> => {
  if (map.recent.size < recentLimit || map.recent.has(key)) {
    const recent = new Map(map.recent)
    recent.set(key, value)
    return { settled: map.settled, recent }
  }
  const settled = new Map(map.settled)
  for (const [recentKey, recentValue] of map.recent) settled.set(recentKey, recentValue)
  settled.set(key, value)
  return { settled, recent: emptyMap.recent }
}

/** Every value once; keys that were set for the first time come in the order of that. */
export function* valuesOf<V>(map: PersistentMap<V>): Generator<V> {
  for (const [key, value] of map.settled) yield map.recent.get(key) ?? value
  for (const [key, value] of map.recent) if (!map.settled.has(key)) yield value
}

/** A list of an event's data by id; made once for an event, however many rows ask. */
export const byIdOf = <Data extends object, Item>(
  listOf: (data: Data) => readonly Item[],
  idOf: (item: Item) => string,
): ((data: Data) => ReadonlyMap<string, Item>) => {
  const known = new WeakMap<Data, ReadonlyMap<string, Item>>()
  return (data) => {
    const found = known.get(data) ?? new Map(listOf(data).map((item) => [idOf(item), item]))
    known.set(data, found)
    return found
  }
}

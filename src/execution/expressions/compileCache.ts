/** A bounded cache that costs one map look-up on a hit: two generations, of which the older one is dropped. */
export interface CompileCache<Value> {
  get(source: string): Value | undefined
  set(source: string, value: Value): void
}

/** Bounds are per generation; `characters` counts the sources. */
export const createCompileCache = <Value>(bounds: { entries: number; characters: number }): CompileCache<Value> => {
  let young = new Map<string, Value>()
  let old = new Map<string, Value>()
  let characters = 0
  const set = (source: string, value: Value): void => {
    if (young.size >= bounds.entries || characters + source.length > bounds.characters) {
      old = young
      young = new Map()
      characters = 0
    }
    young.set(source, value)
    characters += source.length
  }
  return {
    set,
    get: (source) => {
      const known = young.get(source)
      if (known !== undefined) return known
      const aged = old.get(source)
      if (aged !== undefined) set(source, aged)
      return aged
    },
  }
}

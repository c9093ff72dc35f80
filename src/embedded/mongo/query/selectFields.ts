import { MongoError } from '../errors.js'
import { type Document, getField, isDocument, setField } from '../values/document.js'

interface Tree {
  [field: string]: Tree | true
}

/** Keeps or leaves out fields by their flags. `alsoKept` are fields that an inclusion keeps and an exclusion does not mention. */
export const selectorOf = (
  flags: readonly (readonly [string, unknown])[],
  alsoKept: readonly string[],
): ((document: Document) => unknown) => {
  const others = flags.filter(([field]) => field !== '_id')
  const idFlag = flags.find(([field]) => field === '_id')?.[1]
  const includes = others.length > 0 ? Boolean(others[0]?.[1]) : Boolean(idFlag)
  const strange = others.find(([, value]) => Boolean(value) !== includes)
  if (strange !== undefined) {
    const kinds = includes ? 'exclusion on field in inclusion' : 'inclusion on field in exclusion'
    throw new MongoError('BadValue', `Cannot do ${kinds} projection: ${strange[0]}`)
  }
  const tree = treeOf([...others.map(([field]) => field), ...(includes ? alsoKept : [])])
  const mentionsId = includes ? Boolean(idFlag ?? true) : idFlag !== undefined && !idFlag
  if (mentionsId) tree._id = true
  return (document) => (includes ? include(document, tree) : exclude(document, tree))
}

const treeOf = (paths: readonly string[]): Tree => {
  const root: Tree = Object.create(null)
  for (const path of paths) {
    let at = root
    const steps = path.split('.')
    steps.forEach((step, index) => {
      const next = at[step]
      const last = index === steps.length - 1
      if (next === true || (next !== undefined && last)) throw new MongoError('BadValue', `Path collision at ${path}`)
      if (last) at[step] = true
      else {
        const child: Tree = next ?? Object.create(null)
        at[step] = child
        at = child
      }
    })
  }
  return root
}

const include = (value: unknown, tree: Tree): unknown => {
  if (Array.isArray(value)) {
    return value.filter((item) => isDocument(item) || Array.isArray(item)).map((item) => include(item, tree))
  }
  if (!isDocument(value)) return undefined
  const result: Document = {}
  for (const name of Object.keys(value)) {
    const branch = tree[name]
    if (branch === undefined) continue
    const kept = branch === true ? value[name] : include(value[name], branch)
    if (kept !== undefined) setField(result, name, kept)
  }
  return result
}

const exclude = (value: unknown, tree: Tree): unknown => {
  if (Array.isArray(value)) return value.map((item) => exclude(item, tree))
  if (!isDocument(value)) return value
  const result: Document = {}
  for (const name of Object.keys(value)) {
    const branch = tree[name]
    if (branch === true) continue
    const field = getField(value, name)
    setField(result, name, branch === undefined ? field : exclude(field, branch))
  }
  return result
}

export type Slice = (items: unknown[]) => unknown[]

/** `$slice` of a projection: so many from the start, or with a negative number from the end; or `[skip, limit]`. */
export const sliceOf = (value: unknown): Slice => {
  if (typeof value === 'number') return (items) => (value < 0 ? items.slice(value) : items.slice(0, value))
  const [skip, limit] = Array.isArray(value) ? value : []
  if (typeof skip !== 'number' || typeof limit !== 'number' || limit <= 0) {
    throw new MongoError('BadValue', '$slice takes a number, or [skip, limit] with a positive limit')
  }
  return (items) => {
    const start = skip < 0 ? Math.max(0, items.length + skip) : skip
    return items.slice(start, start + limit)
  }
}

export const sliceAt = (value: unknown, [step, ...rest]: readonly string[], slice: Slice): void => {
  if (Array.isArray(value)) for (const item of value) sliceAt(item, [step ?? '', ...rest], slice)
  if (!isDocument(value) || step === undefined) return
  const field = getField(value, step)
  if (rest.length > 0) sliceAt(field, rest, slice)
  else if (Array.isArray(field)) setField(value, step, slice(field))
}

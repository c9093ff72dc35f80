import { ObjectId } from 'bson'
import { findStored } from '../query/find.js'
import { type Matcher, matcherOf } from '../query/matcher.js'
import type { Sort } from '../query/plan.js'
import type { Collection } from '../store/catalogue.js'
import { idKeyOf, type Stored } from '../store/documents.js'
import { contentKey } from '../store/keys.js'
import { applyToNothing, applyUpdate, type Update } from '../update/applyUpdate.js'
import { seedOf } from '../update/seed.js'
import type { Document } from '../values/document.js'
import { queryableFromBson } from '../values/queryable.js'
import type { Context } from './command.js'

/** What to do with one document, inside the write that has found it still matching. */
type Work<T> = (collection: Collection, stored: Stored) => T

/**
 * Finds the first match and works on it. The search runs beside other clients, so the match is looked at again inside the write, and
 * searched again when it is gone.
 */
export const changeFirst = async <T>(
  context: Context,
  namespace: string,
  filter: Document,
  sort: Sort,
  work: Work<T>,
): Promise<T | undefined> => {
  const matches = matcherOf(filter)
  for (;;) {
    const collection = context.catalogue.get(namespace)
    const search = findStored(context.store, collection, { filter, sort, limit: 1 })
    const { value: first } = await search.next()
    await search.return(undefined)
    if (first === undefined) return undefined
    const id = idKeyOf(first.document._id)
    const done = await context.store.write(() => attempt(context, namespace, id, matches, work))
    if (done !== undefined) return done.result
  }
}

const SLICE = 100

/** Works on all matches, some of them in each commit. Returns the number of documents that were still there. */
export const changeAll = async (
  context: Context,
  namespace: string,
  filter: Document,
  work: Work<void>,
): Promise<number> => {
  const matches = matcherOf(filter)
  const ids: Buffer[] = []
  for await (const { document } of findStored(context.store, context.catalogue.get(namespace), { filter })) {
    ids.push(idKeyOf(document._id))
  }
  let count = 0
  for (let at = 0; at < ids.length; at += SLICE) {
    count += await context.store.write(
      () =>
        ids.slice(at, at + SLICE).filter((id) => attempt(context, namespace, id, matches, work) !== undefined).length,
    )
  }
  return count
}

const attempt = <T>(
  context: Context,
  namespace: string,
  id: Buffer,
  matches: Matcher,
  work: Work<T>,
): { result: T } | undefined => {
  const collection = context.catalogue.get(namespace)
  const bytes = collection && context.store.get(contentKey(collection.space, id))
  if (collection === undefined || bytes === undefined) return undefined
  const document = queryableFromBson(bytes)
  if (!matches(document)) return undefined
  return { result: work(collection, { document, bytes }) }
}

export interface Updated {
  readonly before: Stored
  readonly after: Stored
  readonly modified: boolean
}

export const updateWork =
  (context: Context, update: Update): Work<Updated> =>
  (collection, before) => {
    const after = applyUpdate(before, update)
    const modified = !after.bytes.equals(before.bytes)
    if (modified) context.documents.replace(collection, before.document, after)
    return { before, after, modified }
  }

/** Inserts what an upsert makes. A document with the same `_id` that came meanwhile is a duplicate key. */
export const insertUpsert = async (
  context: Context,
  namespace: string,
  update: Update,
  typedFilter: Document,
): Promise<Stored> => {
  const added = applyToNothing(seedOf(update.filter), seedOf(typedFilter), update, () => new ObjectId())
  await context.store.write(() => {
    context.documents.insert(context.catalogue.get(namespace) ?? context.catalogue.create(namespace), added)
  })
  return added
}

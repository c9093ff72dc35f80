import { MongoError } from '../errors.js'
import { findStored } from '../query/find.js'
import { prefixRange, spacePrefix } from '../store/keys.js'
import type { Document } from '../values/document.js'
import { valuesAt } from '../values/paths.js'
import { fromQueryable } from '../values/queryable.js'
import { sortKey } from '../values/sortKey.js'
import { type Command, type Context, countIn, deadlineIn, documentIn, namespaceIn, type Request } from './command.js'

export const countMatching = async (
  context: Context,
  namespace: string,
  search: { filter: Document; skip?: number; limit?: number; deadline?: number | undefined },
): Promise<number> => {
  const collection = context.catalogue.get(namespace)
  if (collection !== undefined && Object.keys(search.filter).length === 0) {
    const all = context.store.count(prefixRange(spacePrefix(collection.space)))
    return Math.min(Math.max(0, all - (search.skip ?? 0)), search.limit || Number.POSITIVE_INFINITY)
  }
  let count = 0
  for await (const _ of findStored(context.store, collection, search)) count++
  return count
}

const count: Command = {
  fields: ['query', 'limit', 'skip', 'hint', 'fields'],
  run: async (context, request) => {
    const { body } = request
    const limit = typeof body.limit === 'number' ? Math.abs(body.limit) : 0
    const search = {
      filter: documentIn(body, 'query'),
      skip: countIn(body, 'skip') ?? 0,
      limit,
      deadline: deadlineIn(body),
    }
    return { n: await countMatching(context, namespaceIn(request), search), ok: 1 }
  },
}

const distinct: Command = {
  fields: ['key', 'query', 'hint'],
  run: async (context, request: Request) => {
    const { key } = request.body
    if (typeof key !== 'string') throw new MongoError('TypeMismatch', "BSON field 'key' must be a string")
    const values = new Map<string, unknown>()
    const search = { filter: documentIn(request.body, 'query'), deadline: deadlineIn(request.body) }
    for await (const { document } of findStored(context.store, context.catalogue.get(namespaceIn(request)), search)) {
      for (const value of valuesAt(document, key).values) {
        if (value !== undefined) values.set(sortKey(value).toString('latin1'), value)
      }
    }
    const ordered = [...values].sort(([a], [b]) => (a < b ? -1 : 1))
    return { values: ordered.map(([, value]) => fromQueryable(value)), ok: 1 }
  },
}

export const countCommands: Readonly<Record<string, Command>> = { count, distinct }

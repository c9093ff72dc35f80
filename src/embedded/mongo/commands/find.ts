import { MongoError } from '../errors.js'
import { findStored } from '../query/find.js'
import { projectorOf } from '../query/project.js'
import { sortOf } from '../query/sort.js'
import { ExactLong } from '../values/exact.js'
import {
  type Command,
  type Context,
  countIn,
  deadlineIn,
  documentIn,
  flagIn,
  listIn,
  namespaceIn,
  type Request,
  sessionIn,
} from './command.js'

/** MongoDB's size of a first batch that was not asked for. */
export const FIRST_BATCH = 101

async function* found(context: Context, request: Request): AsyncGenerator<Buffer> {
  const { body } = request
  const filter = documentIn(body, 'filter')
  const project = projectorOf(body.projection, filter)
  const search = {
    filter,
    sort: sortOf(body.sort),
    skip: countIn(body, 'skip') ?? 0,
    limit: countIn(body, 'limit') ?? 0,
    deadline: deadlineIn(body),
  }
  const collection = context.catalogue.get(namespaceIn(request))
  for await (const stored of findStored(context.store, collection, search)) yield project(stored)
}

const find: Command = {
  fields: [
    'filter',
    'sort',
    'projection',
    'hint',
    'skip',
    'limit',
    'batchSize',
    'singleBatch',
    'noCursorTimeout',
    'allowDiskUse',
    'allowPartialResults',
    'tailable',
    'awaitData',
  ],
  run: async (context, request) => {
    const { body } = request
    if (flagIn(body, 'tailable')) {
      throw new MongoError('BadValue', `error processing query: tailable cursor requested on non capped collection`)
    }
    return await context.cursors.open(namespaceIn(request), found(context, request), {
      size: countIn(body, 'batchSize') ?? FIRST_BATCH,
      single: flagIn(body, 'singleBatch'),
      session: sessionIn(body),
    })
  },
}

const getMore: Command = {
  fields: ['collection', 'batchSize'],
  run: async ({ cursors }, request) => {
    const size = countIn(request.body, 'batchSize')
    const namespace = namespaceIn(request, 'collection')
    return await cursors.more(cursorId(request.body.getMore), namespace, size === 0 ? undefined : size)
  },
}

const killCursors: Command = {
  fields: ['cursors'],
  run: ({ cursors }, request) => {
    const namespace = namespaceIn(request)
    const ids = listIn(request.body, 'cursors').map(cursorId)
    const killed = new Set(ids.filter((id) => cursors.kill(id, namespace)))
    return {
      cursorsKilled: [...killed],
      cursorsNotFound: ids.filter((id) => !killed.has(id)),
      cursorsAlive: [],
      cursorsUnknown: [],
      ok: 1,
    }
  },
}

const cursorId = (value: unknown): bigint => {
  if (value instanceof ExactLong) return value.valueOf()
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value)
  throw new MongoError('TypeMismatch', 'a cursor id must be a long')
}

export const findCommands: Readonly<Record<string, Command>> = { find, getMore, killCursors }

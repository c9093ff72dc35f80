import { serialize } from 'bson'
import { MongoError } from '../errors.js'
import { countStage, runPipeline, splitPipeline } from '../query/aggregate.js'
import { findStored } from '../query/find.js'
import { MEMORY_LIMIT_BYTES } from '../query/sort.js'
import { prefixRange, spacePrefix } from '../store/keys.js'
import type { Document } from '../values/document.js'
import { fromQueryable, queryableFromBson } from '../values/queryable.js'
import {
  type Command,
  type Context,
  countIn,
  deadlineIn,
  documentIn,
  listIn,
  namespaceIn,
  type Request,
  sessionIn,
} from './command.js'
import { countMatching } from './count.js'
import { FIRST_BATCH } from './find.js'

async function* aggregated(context: Context, request: Request): AsyncGenerator<Buffer> {
  const namespace = namespaceIn(request)
  const { rest, ...found } = splitPipeline(listIn(request.body, 'pipeline'))
  const search = { ...found, deadline: deadlineIn(request.body) }
  const counting = countStage(rest)
  if (counting !== undefined) {
    const n = await countMatching(context, namespace, search)
    if (n > 0) yield Buffer.from(serialize(fromQueryable({ ...counting.id, [counting.field]: n }) as Document))
    return
  }
  const source = findStored(context.store, context.catalogue.get(namespace), search)
  if (rest.length === 0) {
    for await (const { bytes } of source) yield bytes
    return
  }
  const documents: Document[] = []
  let size = 0
  for await (const { document, bytes } of source) {
    size = withinMemory(size + bytes.length)
    documents.push(document)
  }
  yield* runPipeline(rest, documents, (name) => everythingIn(context, `${request.database}.${name}`))
}

const everythingIn = (context: Context, namespace: string): Document[] => {
  const collection = context.catalogue.get(namespace)
  if (collection === undefined) return []
  const documents: Document[] = []
  let size = 0
  for (const { value } of context.store.entries(prefixRange(spacePrefix(collection.space)))) {
    size = withinMemory(size + value.length)
    documents.push(queryableFromBson(value))
  }
  return documents
}

const withinMemory = (bytes: number): number => {
  if (bytes <= MEMORY_LIMIT_BYTES) return bytes
  throw new MongoError(
    'QueryExceededMemoryLimitNoDiskUseAllowed',
    `The pipeline needs more than ${MEMORY_LIMIT_BYTES} bytes of documents. Begin it with a narrower $match.`,
  )
}

const aggregate: Command = {
  fields: ['pipeline', 'cursor', 'allowDiskUse', 'bypassDocumentValidation', 'hint'],
  run: async (context, request) => {
    if (request.body.aggregate === 1) {
      throw new MongoError('InvalidNamespace', '{aggregate: 1} is not supported: aggregate over a collection')
    }
    if (request.body.cursor === undefined) {
      throw new MongoError(
        'FailedToParse',
        "The 'cursor' option is required, except for aggregate with the explain argument",
      )
    }
    return await context.cursors.open(namespaceIn(request), aggregated(context, request), {
      size: countIn(documentIn(request.body, 'cursor'), 'batchSize') ?? FIRST_BATCH,
      session: sessionIn(request.body),
    })
  },
}

export const aggregateCommands: Readonly<Record<string, Command>> = { aggregate }

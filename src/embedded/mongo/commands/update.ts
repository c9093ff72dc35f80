import { MongoError } from '../errors.js'
import { matcherOf } from '../query/matcher.js'
import { isReplacement, type Update } from '../update/applyUpdate.js'
import { type Document, isDocument } from '../values/document.js'
import { fromQueryable, queryableFromBson, typedFromBson } from '../values/queryable.js'
import { type Command, type Context, documentIn, documentsIn, flagIn, namespaceIn } from './command.js'
import { changeAll, changeFirst, insertUpsert, updateWork } from './modify.js'
import { type WriteError, writeReply } from './writeErrors.js'

/** Reads an update from a document and the same one with BSON types; the names of its fields differ by command. */
export const readUpdate = (statement: Document, typed: Document, names: { filter: string; change: string }): Update => {
  const change = statement[names.change]
  const typedChange = typed[names.change]
  const isChange = isDocument(change) || (Array.isArray(change) && change.every(isDocument))
  if (!isChange || !(isDocument(typedChange) || Array.isArray(typedChange))) {
    throw new MongoError('FailedToParse', 'Update argument must be either an object or an array')
  }
  const update = {
    filter: documentIn(statement, names.filter),
    change,
    typedChange,
    arrayFilters: documentsIn(statement, 'arrayFilters'),
  }
  matcherOf(update.filter)
  return update
}

interface Tally {
  n: number
  nModified: number
  upserted: { index: number; _id: unknown }[]
}

const STATEMENT_FIELDS = new Set(['q', 'u', 'upsert', 'multi', 'arrayFilters', 'hint', 'c'])

const runStatement = async (
  context: Context,
  namespace: string,
  index: number,
  bytes: Buffer,
  tally: Tally,
): Promise<void> => {
  const statement = queryableFromBson(bytes)
  const unknown = Object.keys(statement).find((name) => !STATEMENT_FIELDS.has(name))
  if (unknown !== undefined) {
    throw new MongoError('UnknownField', `BSON field 'update.updates.${unknown}' is not supported`)
  }
  const typed = typedFromBson(bytes)
  const update = readUpdate(statement, typed, { filter: 'q', change: 'u' })
  const multi = flagIn(statement, 'multi')
  if (multi && isReplacement(update.change)) {
    throw new MongoError('FailedToParse', 'multi update is not supported for replacement-style update')
  }
  const work = updateWork(context, update)
  const attempt = async (): Promise<boolean> => {
    if (multi) {
      let modified = 0
      const matched = await changeAll(context, namespace, update.filter, (collection, stored) => {
        if (work(collection, stored).modified) modified++
      })
      tally.n += matched
      tally.nModified += modified
      return matched > 0
    }
    const result = await changeFirst(context, namespace, update.filter, [], work)
    if (result === undefined) return false
    tally.n += 1
    tally.nModified += result.modified ? 1 : 0
    return true
  }
  if (!flagIn(statement, 'upsert')) {
    await attempt()
    return
  }
  await context.exclusive(namespace, async () => {
    if (await attempt()) return
    const added = await insertUpsert(context, namespace, update, documentIn(typed, 'q'))
    tally.n += 1
    tally.upserted.push({ index, _id: fromQueryable(added.document._id) })
  })
}

const update: Command = {
  fields: ['updates', 'ordered', 'bypassDocumentValidation', 'let'],
  run: async (context, request) => {
    const namespace = namespaceIn(request)
    const ordered = request.body.ordered === undefined || flagIn(request.body, 'ordered')
    const tally: Tally = { n: 0, nModified: 0, upserted: [] }
    const errors: WriteError[] = []
    for (const [index, bytes] of request.documents('updates').entries()) {
      try {
        await runStatement(context, namespace, index, bytes, tally)
      } catch (error) {
        errors.push({ index, error })
        if (ordered) break
      }
    }
    const { n, nModified, upserted } = tally
    return writeReply({ n, nModified, ...(upserted.length === 0 ? {} : { upserted }) }, errors)
  },
}

const remove: Command = {
  fields: ['deletes', 'ordered', 'let'],
  run: async (context, request) => {
    const namespace = namespaceIn(request)
    const ordered = request.body.ordered === undefined || flagIn(request.body, 'ordered')
    const errors: WriteError[] = []
    let n = 0
    for (const [index, bytes] of request.documents('deletes').entries()) {
      try {
        const statement = queryableFromBson(bytes)
        if (statement.limit !== 0 && statement.limit !== 1) {
          throw new MongoError('FailedToParse', 'The limit field in delete objects must be 0 or 1')
        }
        const filter = documentIn(statement, 'q')
        const change = (collection: Parameters<typeof context.documents.remove>[0], stored: { document: Document }) =>
          context.documents.remove(collection, stored.document)
        const removeOne = (...found: Parameters<typeof change>): number => {
          change(...found)
          return 1
        }
        if (statement.limit === 0) n += await changeAll(context, namespace, filter, change)
        else n += (await changeFirst(context, namespace, filter, [], removeOne)) ?? 0
      } catch (error) {
        errors.push({ index, error })
        if (ordered) break
      }
    }
    return writeReply({ n }, errors)
  },
}

export const updateCommands: Readonly<Record<string, Command>> = { update, delete: remove }

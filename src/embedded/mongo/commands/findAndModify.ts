import { deserialize } from 'bson'
import { MongoError } from '../errors.js'
import { projectorOf } from '../query/project.js'
import { sortOf } from '../query/sort.js'
import type { Stored } from '../store/documents.js'
import type { Document } from '../values/document.js'
import { fromQueryable, typedFromBson } from '../values/queryable.js'
import { type Command, documentIn, flagIn, namespaceIn } from './command.js'
import { changeFirst, insertUpsert, updateWork } from './modify.js'
import { readUpdate } from './update.js'

const findAndModify: Command = {
  fields: [
    'query',
    'sort',
    'remove',
    'update',
    'new',
    'fields',
    'upsert',
    'bypassDocumentValidation',
    'arrayFilters',
    'hint',
    'let',
  ],
  run: async (context, request) => {
    const { body } = request
    const namespace = namespaceIn(request)
    const filter = documentIn(body, 'query')
    const sort = sortOf(body.sort)
    const project = projectorOf(body.fields, filter)
    const show = (stored: Stored | undefined): unknown =>
      stored === undefined ? null : deserialize(project(stored), { promoteValues: false })

    if (flagIn(body, 'remove')) {
      if (body.update !== undefined)
        throw new MongoError('FailedToParse', 'Cannot specify both an update and remove=true')
      const removed = await changeFirst(context, namespace, filter, sort, (collection, stored) => {
        context.documents.remove(collection, stored.document)
        return stored
      })
      return { lastErrorObject: { n: removed === undefined ? 0 : 1 }, value: show(removed), ok: 1 }
    }

    const typed = typedFromBson(request.bytes)
    const update = readUpdate(body, typed, { filter: 'query', change: 'update' })
    const wantsNew = flagIn(body, 'new')
    const modify = async (): Promise<Document | undefined> => {
      const result = await changeFirst(context, namespace, filter, sort, updateWork(context, update))
      if (result === undefined) return undefined
      const value = show(wantsNew ? result.after : result.before)
      return { lastErrorObject: { n: 1, updatedExisting: true }, value, ok: 1 }
    }
    const none = { lastErrorObject: { n: 0, updatedExisting: false }, value: null, ok: 1 }
    if (!flagIn(body, 'upsert')) return (await modify()) ?? none
    return await context.exclusive(namespace, async () => {
      const modified = await modify()
      if (modified !== undefined) return modified
      const added = await insertUpsert(context, namespace, update, documentIn(typed, 'query'))
      const upserted = fromQueryable(added.document._id)
      return {
        lastErrorObject: { n: 1, updatedExisting: false, upserted },
        value: show(wantsNew ? added : undefined),
        ok: 1,
      }
    })
  },
}

export const findAndModifyCommands: Readonly<Record<string, Command>> = { findAndModify, findandmodify: findAndModify }

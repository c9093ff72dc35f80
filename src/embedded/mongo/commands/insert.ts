import { ObjectId, serialize } from 'bson'
import { MongoError } from '../errors.js'
import type { Stored } from '../store/documents.js'
import { MAX_DOCUMENT_BYTES } from '../update/applyUpdate.js'
import { isDocument } from '../values/document.js'
import { queryableFromBson, typedFromBson } from '../values/queryable.js'
import { type Command, flagIn, namespaceIn } from './command.js'
import { type WriteError, writeReply } from './writeErrors.js'

const insert: Command = {
  fields: ['documents', 'ordered', 'bypassDocumentValidation'],
  run: async (context, request) => {
    const namespace = namespaceIn(request)
    const ordered = request.body.ordered === undefined || flagIn(request.body, 'ordered')
    const documents = request.documents('documents')
    if (documents.length === 0) throw new MongoError('BadValue', 'Write batch sizes must be between 1 and 100000')
    const { catalogue } = context
    return await context.store.write(() => {
      const errors: WriteError[] = []
      let n = 0
      for (const [index, bytes] of documents.entries()) {
        try {
          const stored = storable(bytes)
          context.documents.insert(catalogue.get(namespace) ?? catalogue.create(namespace), stored)
          n++
        } catch (error) {
          errors.push({ index, error })
          if (ordered) break
        }
      }
      return writeReply({ n }, errors)
    })
  },
}

/** The document with its `_id` in front, a new one if it brought none. */
export const storable = (bytes: Buffer): Stored => {
  const document = queryableFromBson(bytes)
  const { _id } = document
  if (Array.isArray(_id) || _id instanceof RegExp || (_id === undefined && '_id' in document)) {
    throw new MongoError('BadValue', "The '_id' value cannot be of type array, regex or undefined")
  }
  if (isDocument(_id) && Object.keys(_id).some((name) => name.startsWith('$'))) {
    throw new MongoError('BadValue', "The '_id' value cannot have fields that begin with '$'")
  }
  if (Object.keys(document)[0] === '_id') return sized({ document, bytes })
  const typed = typedFromBson(bytes)
  const ordered = Buffer.from(serialize({ _id: typed._id ?? new ObjectId(), ...typed }))
  return sized({ document: queryableFromBson(ordered), bytes: ordered })
}

const sized = (stored: Stored): Stored => {
  if (stored.bytes.length <= MAX_DOCUMENT_BYTES) return stored
  throw new MongoError('BSONObjectTooLarge', `object to insert too large. size in bytes: ${stored.bytes.length}`)
}

export const insertCommands: Readonly<Record<string, Command>> = { insert }

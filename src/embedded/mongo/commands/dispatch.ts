import { deserialize, serialize } from 'bson'
import { errorReply, MongoError, toMongoError } from '../errors.js'
import { type Document, isDocument } from '../values/document.js'
import { toQueryable } from '../values/queryable.js'
import { checkDocuments, type Message } from '../wire/message.js'
import { aggregateCommands } from './aggregate.js'
import { collectionCommands } from './collections.js'
import type { Command, Context, Request } from './command.js'
import { countCommands } from './count.js'
import { findCommands } from './find.js'
import { findAndModifyCommands } from './findAndModify.js'
import { handshakeCommands } from './handshake.js'
import { indexCommands } from './indexes.js'
import { insertCommands } from './insert.js'
import { updateCommands } from './update.js'

const COMMANDS: ReadonlyMap<string, Command> = new Map(
  Object.entries({
    ...handshakeCommands,
    ...findCommands,
    ...countCommands,
    ...insertCommands,
    ...updateCommands,
    ...findAndModifyCommands,
    ...aggregateCommands,
    ...collectionCommands,
    ...indexCommands,
  }),
)

/** What any command may bring along. */
const COMMON = new Set([
  '$db',
  '$readPreference',
  '$clusterTime',
  'lsid',
  'comment',
  'maxTimeMS',
  'readConcern',
  'writeConcern',
  'apiVersion',
  'apiStrict',
  'apiDeprecationErrors',
])

/** Fields whose documents stay BSON: they are stored, or read twice. */
const RAW = ['documents', 'updates', 'deletes']

/** Carries out one command; whatever goes wrong becomes an answer, with MongoDB's code. */
export const answer = async (context: Context, message: Message, connectionId: number): Promise<Uint8Array> => {
  try {
    checkDocuments(message)
    const request = readRequest(message, connectionId)
    const command = COMMANDS.get(request.name)
    if (command === undefined) throw new MongoError('CommandNotFound', `no such command: '${request.name}'`)
    checkFields(command, request)
    const reply = await command.run(context, request)
    return Buffer.isBuffer(reply) ? reply : serialize(reply)
  } catch (error) {
    return serialize(errorReply(toMongoError(error)))
  }
}

const readRequest = (message: Message, connectionId: number): Request => {
  const nameEnd = message.body.indexOf(0, 5)
  const name = nameEnd > 5 ? message.body.toString('utf8', 5, nameEnd) : ''
  const raw = name === 'insert' || name === 'update' || name === 'delete'
  const parsed = deserialize(message.body, {
    useBigInt64: true,
    ...(raw ? { fieldsAsRaw: Object.fromEntries(RAW.map((field) => [field, true])) } : {}),
  })
  const inBody = new Map(RAW.map((field) => [field, raw ? parsed[field] : undefined]))
  for (const field of raw ? RAW : []) if (inBody.get(field) !== undefined) parsed[field] = true
  const body = toQueryable(parsed) as Document
  const database = message.legacy ? 'admin' : body.$db
  if (typeof database !== 'string' || database === '')
    throw new MongoError('InvalidNamespace', "the field '$db' is missing")
  return {
    name,
    database,
    body,
    bytes: message.body,
    connectionId,
    documents: (field) => {
      const documents: unknown = message.sequences.get(field) ?? inBody.get(field)
      if (!isBuffers(documents)) throw new MongoError('TypeMismatch', `BSON field '${name}.${field}' must be an array`)
      return documents
    },
  }
}

const isBuffers = (value: unknown): value is readonly Buffer[] => Array.isArray(value) && value.every(Buffer.isBuffer)

const checkFields = (command: Command, { name, body }: Request): void => {
  if (body.txnNumber !== undefined || body.startTransaction !== undefined || body.autocommit !== undefined) {
    throw new MongoError('IllegalOperation', 'Transaction numbers are only allowed on a replica set member or mongos')
  }
  const { fields } = command
  if (fields === undefined) return
  for (const field of Object.keys(body)) {
    if (field === name || COMMON.has(field) || fields.includes(field)) continue
    throw new MongoError('UnknownField', `BSON field '${name}.${field}' is an unknown field, or not supported here.`)
  }
  checkConcerns(body)
}

const checkConcerns = ({ writeConcern, readConcern }: Document): void => {
  if (isDocument(writeConcern) && typeof writeConcern.w === 'number' && writeConcern.w > 1) {
    throw new MongoError('BadValue', "cannot use 'w' > 1 when a host is not replicated")
  }
  const level = isDocument(readConcern) ? readConcern.level : undefined
  if (level === 'snapshot' || level === 'linearizable') {
    throw new MongoError('InvalidOptions', `the read concern '${level}' needs a replica set`)
  }
}

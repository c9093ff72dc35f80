import type { Document } from './values/document.js'

/** The part of MongoDB's error codes that this server uses (src/mongo/base/error_codes.yml of the MongoDB server). */
export const ERROR_CODES = {
  InternalError: 1,
  BadValue: 2,
  FailedToParse: 9,
  TypeMismatch: 14,
  Overflow: 15,
  IllegalOperation: 20,
  InvalidBSON: 22,
  NamespaceNotFound: 26,
  IndexNotFound: 27,
  ConflictingUpdateOperators: 40,
  CursorNotFound: 43,
  NamespaceExists: 48,
  MaxTimeMSExpired: 50,
  CommandNotFound: 59,
  ImmutableField: 66,
  CannotCreateIndex: 67,
  InvalidOptions: 72,
  InvalidNamespace: 73,
  IndexOptionsConflict: 85,
  IndexKeySpecsConflict: 86,
  CommandNotSupported: 115,
  CannotIndexParallelArrays: 171,
  QueryExceededMemoryLimitNoDiskUseAllowed: 292,
  BSONObjectTooLarge: 10334,
  DuplicateKey: 11000,
  SampleSize: 28747,
  UnrecognizedStage: 40324,
  UnknownField: 40415,
} as const

export type ErrorName = keyof typeof ERROR_CODES

/** Codes that MongoDB has no name for are called `Location<code>`. */
const UNNAMED: ReadonlySet<ErrorName> = new Set(['SampleSize', 'UnrecognizedStage', 'UnknownField'])

/** An error that a client sees with MongoDB's own code. */
export class MongoError extends Error {
  override readonly name = 'MongoError'
  readonly code: number
  readonly codeName: string

  constructor(
    codeName: ErrorName,
    message: string,
    readonly extra: Document = {},
  ) {
    super(message)
    this.code = ERROR_CODES[codeName]
    this.codeName = UNNAMED.has(codeName) ? `Location${this.code}` : codeName
  }
}

export const errorReply = (error: MongoError): Document => ({
  ok: 0,
  errmsg: error.message,
  code: error.code,
  codeName: error.codeName,
  ...error.extra,
})

/** What a client is told about `error`. Only what is a bug here, not a mistake of the client, becomes InternalError. */
export const toMongoError = (error: unknown): MongoError => {
  if (error instanceof MongoError) return error
  if (error instanceof RangeError && /call stack/i.test(error.message)) {
    return new MongoError('Overflow', 'The document or expression is nested too deeply')
  }
  if (error instanceof Error && error.name === 'BSONError') return new MongoError('InvalidBSON', error.message)
  return new MongoError('InternalError', error instanceof Error ? error.message : String(error))
}

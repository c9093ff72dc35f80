/** Why the embedded server could not start or do an operation. */
export type EventStoreErrorCode =
  | 'invalid-options'
  | 'directory-in-use'
  | 'directory-unusable'
  | 'foreign-data'
  | 'torn-data'
  | 'unsupported-format'
  | 'port-in-use'
  | 'start-failed'
  | 'commit-failed'
  | 'closed'

/** An error of the embedded EventStoreDB with a stable `code`. */
export class EventStoreError extends Error {
  override readonly name = 'EventStoreError'

  constructor(
    readonly code: EventStoreErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}

/** The clock of the command side; ISO 8601 UTC with milliseconds. Tests set it. */
export interface Clock {
  now(): Date
}

/** Fresh ids (uuid v7). Tests make them predictable. */
export interface IdSource {
  next(): string
}

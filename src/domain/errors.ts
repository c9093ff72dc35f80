/** What kind of refusal it is. The HTTP layer makes a status of it, the command line an exit code. */
export type ErrorKind =
  | 'malformed'
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'notFound'
  | 'conflict'
  | 'preconditionFailed'
  | 'tooLarge'
  | 'tooMany'
  | 'unavailable'

/** One thing that is wrong with the input. `pointer` is a JSON pointer (RFC 6901) into what was sent. */
export interface InputError {
  pointer: string
  code: string
  detail: string
  nodeId?: string
  edgeId?: string
}

/**
 * A refusal that the caller can act on. `code` is stable and snake_case; `errors` lists all that is wrong at once;
 * `details` are further members of the problem document (RFC 9457, section 3.2).
 */
export class FlowledgerError extends Error {
  override readonly name = 'FlowledgerError'

  constructor(
    readonly kind: ErrorKind,
    readonly code: string,
    detail: string,
    readonly errors: readonly InputError[] = [],
    readonly details: Readonly<Record<string, unknown>> = {},
  ) {
    super(detail)
  }
}

export const notFound = (code: string, detail: string): FlowledgerError => new FlowledgerError('notFound', code, detail)

export const conflict = (code: string, detail: string, details: Record<string, unknown> = {}): FlowledgerError =>
  new FlowledgerError('conflict', code, detail, [], details)

export const invalid = (code: string, detail: string, errors: readonly InputError[] = []): FlowledgerError =>
  new FlowledgerError('invalid', code, detail, errors)

/** What a thrown thing says, whatever was thrown. */
export const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown))

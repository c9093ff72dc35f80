/** A problem document (RFC 9457) as far as the command line shows it. */
export interface Problem {
  readonly code?: string
  readonly title?: string
  readonly detail?: string
  readonly errors?: readonly { readonly pointer: string; readonly code: string; readonly detail: string }[]
}

/** The command line can't mean anything: exit 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** It was carried out, and what it found is bad: exit 1. What was found has been shown already. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed'
}

/** Ctrl-C: exit 130. The message says what goes on and how to take it up again. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
}

/** Nothing could be asked: no server there, or the connection broke. */
export class ConnectionFailed extends Error {
  override readonly name = 'ConnectionFailed'
}

const mostErrors = 20

/** What a problem says, in one line: its detail, its code, and all that is wrong with the input by JSON pointer. */
export const problemLine = (status: number, problem: Problem): string => {
  const { code, title, detail, errors = [] } = problem
  const head = `${detail ?? title ?? 'The server could not do it.'} (${code ?? 'no problem document'}, ${status})`
  const listed = errors.slice(0, mostErrors).map((error) => `${error.pointer || '/'}: ${error.detail}`)
  const more = errors.length > mostErrors ? [`and ${errors.length - mostErrors} more`] : []
  return listed.length === 0 ? head : `${head} ${[...listed, ...more].join('; ')}`
}

/** The API refused. */
export class ApiError extends Error {
  override readonly name = 'ApiError'

  constructor(
    readonly status: number,
    readonly problem: Problem,
  ) {
    super(problemLine(status, problem))
  }
}

/** Why it failed, in words. Errors of several addresses (`AggregateError`) have no message of their own. */
export const describe = (error: unknown): string => {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(describe).join('; ')
  if (!(error instanceof Error)) return String(error)
  const { code } = error as NodeJS.ErrnoException
  return error.message || code || error.name
}

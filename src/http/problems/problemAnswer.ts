import { type ErrorKind, FlowledgerError } from '../../domain/errors.js'
import { LogUnavailable } from '../../eventlog/eventStore.js'
import type { Answer, AnswerHeaders } from '../routing/answer.js'
import { HttpProblem } from './httpProblem.js'
import { problemMediaType, problemTitle, problemType } from './problem.js'
import { isStoreUnavailable } from './storeErrors.js'

const statusOf: { readonly [K in ErrorKind]: number } = {
  malformed: 400,
  unauthenticated: 401,
  forbidden: 403,
  notFound: 404,
  conflict: 409,
  preconditionFailed: 412,
  tooLarge: 413,
  invalid: 422,
  tooMany: 429,
  unavailable: 503,
}

/** Where the problem happened: the request's target and its trace. */
export interface ProblemPlace {
  readonly instance: string
  readonly traceId: string
}

const retryAfterOf = (error: FlowledgerError): string | undefined => {
  if (error.kind !== 'tooMany' && error.kind !== 'unavailable') return undefined
  const seconds = error.details.retryAfterSeconds
  return String(typeof seconds === 'number' ? Math.max(1, Math.ceil(seconds)) : 1)
}

const answer = (status: number, code: string, place: ProblemPlace, members: object, headers: AnswerHeaders): Answer => {
  const head = { type: problemType(code), title: problemTitle(code), status, code }
  // Again after the members: a detail of an error must not replace them.
  return {
    status,
    headers,
    contentType: problemMediaType,
    body: { ...head, ...members, ...head, traceId: place.traceId },
  }
}

/** The code for a store that can't be reached just now. */
const unreachable = (error: unknown): string | undefined => {
  if (error instanceof LogUnavailable) return 'log_unavailable'
  return isStoreUnavailable(error) ? 'store_unavailable' : undefined
}

/**
 * The one mapper from errors to problem documents (RFC 9457). What is not a refusal we know is a 500 that tells nothing but
 * its trace id; the caller logs it.
 */
export const problemAnswer = (error: unknown, place: ProblemPlace): Answer => {
  const { instance } = place
  if (error instanceof FlowledgerError) {
    const { code, errors, details } = error
    const status = statusOf[error.kind]
    const listed = errors.length > 0 ? { errors } : {}
    const headers = {
      'Retry-After': retryAfterOf(error),
      'WWW-Authenticate': status === 401 ? 'Bearer realm="flowledger"' : undefined,
    }
    return answer(status, code, place, { ...details, detail: error.message, instance, ...listed }, headers)
  }
  if (error instanceof HttpProblem)
    return answer(error.status, error.code, place, { detail: error.message, instance }, error.headers)
  const store = unreachable(error)
  if (store !== undefined)
    return answer(503, store, place, { detail: 'It cannot be reached. Try again.', instance }, { 'Retry-After': '1' })
  return answer(500, 'internal', place, {}, {})
}

/** True where the answer hides what happened, so that it must be logged. */
export const isUnknownError = (error: unknown): boolean =>
  !(error instanceof FlowledgerError || error instanceof HttpProblem) && unreachable(error) === undefined

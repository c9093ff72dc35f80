import type { ServerResponse } from 'node:http'
import type { Logger } from 'pino'
import { isUnknownError, problemAnswer } from '../problems/problemAnswer.js'
import { contextOf } from './requestContext.js'
import { writeAnswer } from './writeAnswer.js'

const isIncomplete = (response: ServerResponse): boolean => !response.req.complete

/** Answers with the error's problem document; logs what the document hides. */
export const sendProblem = (logger: Logger, response: ServerResponse, error: unknown): void => {
  const context = contextOf(response)
  if (isUnknownError(error))
    logger.error(
      { err: error, requestId: context.requestId, traceId: context.traceId, route: context.route },
      'request failed',
    )
  if (response.headersSent) return void response.destroy()
  const answer = problemAnswer(error, { instance: context.path, traceId: context.traceId })
  // What is left of a body that we won't read must not be taken for the connection's next request.
  if (isIncomplete(response)) response.setHeader('Connection', 'close')
  writeAnswer(response, answer).catch((failure: unknown) => {
    logger.error({ err: failure, requestId: context.requestId }, 'problem could not be written')
    response.destroy()
  })
}

import type { ServerResponse } from 'node:http'
import type { Request, Response } from 'express'
import { ipKeyGenerator, rateLimit } from 'express-rate-limit'
import { FlowledgerError } from '../../domain/errors.js'
import { contextOf } from '../routing/requestContext.js'

export interface RateLimitOptions {
  /** Requests per window and key (per address where there is no key). */
  readonly limit: number
  readonly windowMs: number
}

/** Counts a request; rejects with `rate_limited` (429) when there were too many. Sets the draft-8 RateLimit headers. */
export type RateLimit = (response: ServerResponse) => Promise<void>

/** What the limiter needs of Express's request and response, neither of which this program makes (see createHttpApp). */
interface Counted {
  readonly key: string
  readonly app: { get(): undefined }
  rateLimit?: { resetTime?: Date }
}

const keyOf = (response: ServerResponse): string => {
  const { principal } = contextOf(response)
  return principal?.keyId ?? ipKeyGenerator(response.req.socket.remoteAddress ?? 'unknown')
}

const secondsUntil = (time: Date | undefined): number =>
  Math.max(1, Math.ceil(((time?.getTime() ?? Date.now()) - Date.now()) / 1000))

export const createRateLimit = ({ limit, windowMs }: RateLimitOptions): RateLimit => {
  const limiter = rateLimit({
    limit,
    windowMs,
    identifier: 'requests',
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    validate: false,
    keyGenerator: (request) => (request as unknown as Counted).key,
    handler: (request, _response, next) => {
      const retryAfterSeconds = secondsUntil((request as unknown as Counted).rateLimit?.resetTime)
      next(new FlowledgerError('tooMany', 'rate_limited', 'Too many requests.', [], { retryAfterSeconds }))
    },
  })
  return (response) =>
    new Promise((resolve, reject) => {
      const counted: Counted = { key: keyOf(response), app: { get: () => undefined } }
      const setHeader = (name: string, value: string): void => void response.setHeader(name, value)
      const answer = { headersSent: response.headersSent, setHeader, append: setHeader }
      void limiter(counted as unknown as Request, answer as unknown as Response, (error?: unknown) =>
        error === undefined ? resolve() : reject(error),
      )
    })
}

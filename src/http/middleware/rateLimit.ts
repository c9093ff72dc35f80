import type { Request, Response } from 'express'
import { ipKeyGenerator, rateLimit } from 'express-rate-limit'
import { FlowledgerError } from '../../domain/errors.js'
import { contextOf } from '../routing/contextOf.js'

export interface RateLimitOptions {
  /** Requests per window and key (per address where there is no key). */
  readonly limit: number
  readonly windowMs: number
}

/** Counts a request; rejects with `rate_limited` (429) when there were too many. Sets the draft-8 RateLimit headers. */
export type RateLimit = (request: Request, response: Response) => Promise<void>

const keyOf = (request: Request, response: Response): string =>
  contextOf(response).principal?.keyId ?? ipKeyGenerator(request.ip ?? 'unknown')

export const createRateLimit = ({ limit, windowMs }: RateLimitOptions): RateLimit => {
  const limiter = rateLimit({
    limit,
    windowMs,
    identifier: 'requests',
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    validate: false,
    keyGenerator: keyOf,
    handler: (request, _response, next) => {
      const reset = (request as { rateLimit?: { resetTime?: Date } }).rateLimit?.resetTime
      const retryAfterSeconds = Math.max(
        1,
        Math.ceil(((reset?.getTime() ?? Date.now() + windowMs) - Date.now()) / 1000),
      )
      next(
        new FlowledgerError('tooMany', 'rate_limited', 'Too many requests with this key.', [], { retryAfterSeconds }),
      )
    },
  })
  return (request, response) =>
    new Promise((resolve, reject) => {
      void limiter(request, response, (error?: unknown) => (error === undefined ? resolve() : reject(error)))
    })
}

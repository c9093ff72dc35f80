import type { Retry } from '../definition.js'
import type { NodeError } from '../events/catalogue/execution.js'
import { capacityClass } from '../nodes/threadTurn.js'

/** Before an attempt that found no thread is tried again: long enough that many of them are no load, shortened by up to half. */
const capacityWait: Retry = { maxAttempts: 1, initialMs: 15_000, factor: 1, maxMs: 15_000, jitter: 0.5 }

const isRetried = ({ retryOn, doNotRetryOn }: Retry, { code, class: errorClass }: NodeError): boolean => {
  const names = (list: readonly string[]) => list.includes(code) || list.includes(errorClass)
  if (doNotRetryOn !== undefined && names(doNotRetryOn)) return false
  return retryOn === undefined || names(retryOn)
}

/** The wait before the try after `tries` ones, in milliseconds: exponential, capped, shortened by up to `jitter`. */
export const retryDelay = (retry: Retry, tries: number, random: number): number => {
  const full = Math.min(retry.maxMs, retry.initialMs * retry.factor ** (tries - 1))
  return Math.round(full * (1 - retry.jitter * random))
}

/** Milliseconds that the other side asks to wait: `Retry-After` as seconds or as a date (RFC 9110, section 10.2.3). */
export const retryAfterMs = ({ details }: NodeError, now: string): number => {
  const asked =
    details !== null && typeof details === 'object' && !Array.isArray(details) ? details.retryAfter : undefined
  if (typeof asked !== 'string') return 0
  const wait = /^\d+$/.test(asked) ? Number(asked) * 1_000 : Date.parse(asked) - Date.parse(now)
  return Number.isFinite(wait) ? Math.max(0, wait) : 0
}

/** Whether the attempt never began, for want of room where it was claimed. */
export const neverBegan = ({ class: errorClass }: NodeError): boolean => errorClass === capacityClass

/**
 * Milliseconds until the next try after `tries` ones; undefined where the failure is for good. The other side's wish makes the wait
 * longer, but not longer than the policy's maximum. What never began is tried again without a policy, too.
 */
export const waitBeforeRetry = (
  retry: Retry | undefined,
  tries: number,
  error: NodeError,
  { random, now }: { readonly random: number; readonly now: string },
): number | undefined => {
  if (neverBegan(error)) return retryDelay(capacityWait, 1, random)
  if (retry === undefined || tries >= retry.maxAttempts || !isRetried(retry, error)) return undefined
  return Math.max(retryDelay(retry, tries, random), Math.min(retry.maxMs, retryAfterMs(error, now)))
}

import { createHash } from 'node:crypto'

/** A place in a trace, as a W3C `traceparent` names it: 32 and 16 hexadecimal digits, neither all zeros. */
export interface TraceContext {
  readonly traceId: string
  readonly spanId: string
  /** Whether the trace is recorded; who begins it decides, and everybody after follows. */
  readonly sampled: boolean
}

const pattern = /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})$/

/** Undefined where there is none or it is invalid: then it is ignored, as the standard asks. */
export const parseTraceparent = (text: string | undefined): TraceContext | undefined => {
  const match = text?.length === 55 ? pattern.exec(text) : null
  if (!match) return undefined
  const [, traceId = '', spanId = '', flags = ''] = match
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 }
}

export const formatTraceparent = ({ traceId, spanId, sampled }: TraceContext): string =>
  `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`

const digest = (bytes: number, parts: readonly unknown[]): string =>
  createHash('sha256')
    .update(JSON.stringify(parts))
    .digest('hex')
    .slice(0, bytes * 2)

/** A trace's id that follows from what it is about. */
export const derivedTraceId = (...parts: readonly string[]): string => digest(16, ['trace', ...parts])

/**
 * A span's id that follows from what it is about, so that every process, after every crash, names the same one, and names it
 * before it has ended.
 */
export const derivedSpanId = (...parts: readonly (string | number)[]): string => digest(8, ['span', ...parts])

/** Something that took time, in the terms of OpenTelemetry. */
export interface Span {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
  readonly name: string
  readonly kind: 'server' | 'internal'
  /** Milliseconds since the epoch. */
  readonly start: number
  readonly end: number
  readonly attributes: Readonly<Record<string, string | number | boolean>>
  /** Why it failed. */
  readonly error?: string | undefined
}

/** Where spans go. Never throws, never waits. */
export type SpanSink = (span: Span) => void

import {
  type Attributes,
  DiagLogLevel,
  diag,
  type HrTime,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
} from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, type ReadableSpan } from '@opentelemetry/sdk-trace-base'
import type { Span, SpanSink } from './span.js'

export interface Tracing {
  readonly send: SpanSink
  /** Sends what has gathered, and waits for that a few seconds at most. */
  close(): Promise<void>
}

export interface TracingOptions {
  /** Base address of an OTLP receiver over HTTP; spans go to `/v1/traces` below it, as JSON. */
  readonly endpoint: string
  readonly version: string
  /** Hears of spans that could not be delivered. They are lost; nothing else is. */
  readonly undelivered: (reason: string) => void
}

/** How long a stopping program waits for the receiver. */
const closeMs = 3_000

const kinds = { server: SpanKind.SERVER, internal: SpanKind.INTERNAL } as const

const hrTime = (milliseconds: number): HrTime => {
  const seconds = Math.floor(milliseconds / 1_000)
  return [seconds, Math.round((milliseconds - seconds * 1_000) * 1e6)]
}

/** What is the same in all spans of this process. */
type Origin = Pick<ReadableSpan, 'resource' | 'instrumentationScope'>

const readable = (origin: Origin, span: Span): ReadableSpan => {
  const { traceId, spanId, parentSpanId, name, kind, start, end, attributes, error } = span
  const context = (id: string) => ({ traceId, spanId: id, traceFlags: TraceFlags.SAMPLED })
  return {
    ...origin,
    name,
    kind: kinds[kind],
    spanContext: () => context(spanId),
    ...(parentSpanId === undefined ? undefined : { parentSpanContext: context(parentSpanId) }),
    startTime: hrTime(start),
    endTime: hrTime(end),
    duration: hrTime(end - start),
    status: error === undefined ? { code: SpanStatusCode.UNSET } : { code: SpanStatusCode.ERROR, message: error },
    attributes: attributes as Attributes,
    links: [],
    events: [],
    ended: true,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  }
}

const tracesUrl = (endpoint: string): string => `${endpoint.replace(/\/+$/, '')}/v1/traces`

/**
 * Sends spans in batches to an OTLP receiver (Jaeger, Tempo, an OpenTelemetry collector). The exporter reads the standard
 * `OTEL_EXPORTER_OTLP_HEADERS` and `OTEL_EXPORTER_OTLP_TIMEOUT` itself, the batches `OTEL_BSP_*`, the resource
 * `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES`.
 */
export const createTracing = ({ endpoint, version, undelivered }: TracingOptions): Tracing => {
  const nothing = (): void => undefined
  const tell = (message: string): void => undelivered(message)
  const logger = { error: tell, warn: tell, info: nothing, debug: nothing, verbose: nothing }
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true })
  const processor = new BatchSpanProcessor(new OTLPTraceExporter({ url: tracesUrl(endpoint) }))
  const origin: Origin = {
    resource: resourceFromAttributes({ 'service.name': 'flowledger', 'service.version': version }).merge(
      detectResources({ detectors: [envDetector] }),
    ),
    instrumentationScope: { name: 'flowledger', version },
  }
  return {
    send: (span) => processor.onEnd(readable(origin, span)),
    close: async () => {
      let timer: NodeJS.Timeout | undefined
      const patience = new Promise<void>((resolve) => {
        timer = setTimeout(() => {
          undelivered('the receiver did not take the last ones before the end')
          resolve()
        }, closeMs)
      })
      await Promise.race([processor.shutdown(), patience])
      clearTimeout(timer)
      diag.disable()
    },
  }
}

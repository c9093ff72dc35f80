import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { derivedSpanId, derivedTraceId, formatTraceparent, parseTraceparent } from '../../../src/domain/trace.js'

const traceId = 'ab'.repeat(16)
const spanId = 'cd'.repeat(8)

describe('traceparent', () => {
  it.each([
    [`00-${traceId}-${spanId}-01`, true],
    [`00-${traceId}-${spanId}-00`, false],
    [`00-${traceId}-${spanId}-03`, true],
    [`cc-${traceId}-${spanId}-02`, false],
  ])('%s is sampled: %s', (text, sampled) => expect(parseTraceparent(text)).toEqual({ traceId, spanId, sampled }))

  it.each([
    `00-${'0'.repeat(32)}-${spanId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `ff-${traceId}-${spanId}-01`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    `00-${traceId}-${spanId}-01-more`,
    `00-${traceId}-${spanId}-0`,
    'garbage',
    '',
    undefined,
  ])('%s is ignored', (text) => expect(parseTraceparent(text)).toBeUndefined())

  it('says what was said', () => {
    const given = fc.record({ parts: fc.array(fc.string(), { minLength: 1 }), sampled: fc.boolean() })
    fc.assert(
      fc.property(given, ({ parts, sampled }) => {
        const context = { traceId: derivedTraceId(...parts), spanId: derivedSpanId(...parts), sampled }
        expect(parseTraceparent(formatTraceparent(context))).toEqual(context)
      }),
    )
  })
})

describe('derived ids', () => {
  it('are the same for the same, and others for anything else', () => {
    expect(derivedSpanId('run', 'node', 1)).toBe(derivedSpanId('run', 'node', 1))
    const others = [derivedSpanId('run', 'node', 2), derivedSpanId('run', 'node'), derivedSpanId('runnode', '', 1)]
    expect(new Set([derivedSpanId('run', 'node', 1), ...others]).size).toBe(4)
  })
})

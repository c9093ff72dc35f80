import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { redact } from '../../../src/domain/redaction.js'

const secret = 'p@ss "word"/ü+1 ~'
const values = [secret]

describe('redaction', () => {
  it.each([
    ['as it is', secret],
    ['in JSON', JSON.stringify({ a: secret })],
    ['in JSON within JSON', JSON.stringify(JSON.stringify(secret))],
    ['URL-encoded', `https://example.org/?key=${encodeURIComponent(secret)}&x=1`],
    ['form-encoded', new URLSearchParams({ key: secret }).toString()],
    ['URL-encoded in small letters', encodeURIComponent(secret).toLowerCase()],
    ['in base64', Buffer.from(secret).toString('base64')],
    ['in URL-safe base64', Buffer.from(secret).toString('base64url')],
    ['in basic authentication', `Basic ${Buffer.from(`user:${secret}`).toString('base64')}`],
    ['in longer base64', Buffer.from(`us:${secret} and more`).toString('base64')],
    ['in base64 of JSON', Buffer.from(JSON.stringify({ a: secret })).toString('base64')],
    ['in base64 of a URL', Buffer.from(`/?key=${encodeURIComponent(secret)}&x=1`).toString('base64')],
    ['in base64 in a URL', `?key=${encodeURIComponent(Buffer.from(secret).toString('base64'))}&x`],
  ])('removes a secret %s', (_, text) => {
    const redacted = redact({ text: `before ${text} after` }, values) as { text: string }
    expect(redacted.text).toMatch(/^before .*\[redacted\].* after$/)
    expect(Buffer.from(redacted.text, 'base64').toString()).not.toContain('word')
  })

  it('removes secrets from names, lists and numbers', () => {
    expect(redact({ [`x-${secret}`]: [secret, 48151623] }, [secret, '48151623'])).toEqual({
      'x-[redacted]': ['[redacted]', '[redacted]'],
    })
  })

  it('returns a value without secrets as it is', () => {
    const value = { a: ['text', 1, null, { b: true }] }
    expect(redact(value, values)).toBe(value)
    expect(redact(value, ['', 'ab'])).toBe(value)
  })

  it('leaves no secret standing, wherever it is', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 10 })
    fc.assert(
      fc.property(fc.string({ minLength: 8, maxLength: 40 }), text, text, (value, before, after) => {
        const all = before + value + after
        const found = JSON.stringify(
          redact([all, encodeURIComponent(value), Buffer.from(value).toString('base64')], [value]),
        )
        fc.pre(!'[redacted]'.includes(value))
        expect(found).not.toContain(JSON.stringify(value).slice(1, -1))
        expect(found).not.toContain(Buffer.from(value).toString('base64').replace(/=+$/, ''))
      }),
    )
  })
})

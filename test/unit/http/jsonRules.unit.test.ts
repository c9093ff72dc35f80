import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pointerOf } from '../../../src/domain/jsonPointer.js'
import { jsonErrors, maxDepth } from '../../../src/http/body/jsonRules.js'

const nested = (levels: number): unknown => JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`)

describe('what JSON may say but is refused', () => {
  it('finds nothing in ordinary JSON', () => {
    const harmless = fc.jsonValue({ maxDepth: 5, stringUnit: 'grapheme' }).filter((value) => {
      const text = JSON.stringify(value)
      return !/__proto__|constructor|prototype|\\u0000|\\ud[89a-f]/.test(text)
    })
    fc.assert(
      fc.property(harmless, (value) => {
        expect(jsonErrors(JSON.parse(JSON.stringify(value)))).toEqual([])
      }),
    )
  })

  it('finds a forbidden key wherever it is, and points at it', () => {
    const path = fc.array(fc.stringMatching(/^[a-z~/]{1,3}$/), { maxLength: 10 })
    fc.assert(
      fc.property(path, fc.constantFrom('__proto__', 'constructor', 'prototype'), (keys, forbidden) => {
        const text = [...keys, forbidden].reduceRight((inner, key) => `{${JSON.stringify(key)}:${inner}}`, '1')
        expect(jsonErrors(JSON.parse(text)).map(({ pointer }) => pointer)).toEqual([pointerOf([...keys, forbidden])])
      }),
    )
  })

  it('allows depth up to its limit and no further', () => {
    expect(jsonErrors(nested(maxDepth))).toEqual([])
    expect(jsonErrors(nested(maxDepth + 1))).toMatchObject([{ code: 'too_deep' }])
    expect(jsonErrors(nested(100_000))).toMatchObject([{ code: 'too_deep' }])
  })

  it('stops counting at 50 errors', () => {
    expect(jsonErrors(Array.from({ length: 200 }, () => '\0'))).toHaveLength(50)
  })

  it('takes whole surrogate pairs and refuses halves, in keys too', () => {
    expect(jsonErrors('😀')).toEqual([])
    expect(jsonErrors({ a: '\ud83d' })).toMatchObject([{ pointer: '/a', code: 'invalid_text' }])
    expect(jsonErrors({ '\ude00': 1 })).toMatchObject([{ code: 'invalid_text' }])
  })
})

import { describe, expect, it } from 'vitest'
import { nodeKeySchema } from '../../../src/domain/definition.js'
import { createCelEngine } from '../../../src/execution/expressions/celEngine.js'

const accepted = (key: string) => nodeKeySchema.safeParse(key).success

describe('the key of a node', () => {
  it.each(['send', 'sendEmail', 'send_email', 'send-email', '2nd', 'x'.repeat(64)])('may be %s', (key) => {
    expect(accepted(key)).toBe(true)
  })

  it.each(['', '-send', 'send email', 'send.email', 'é', 'x'.repeat(65), '"]'])('may not be %j', (key) => {
    expect(accepted(key)).toBe(false)
  })

  it('is read by name, or in brackets where it has a hyphen', () => {
    const { check, evaluate } = createCelEngine()
    expect(check('nodes["send-email"].output.id')).toMatchObject({ ok: true, references: { nodes: ['send-email'] } })
    const execution = { id: 'e', startedAt: '2026-01-01T00:00:00.000Z', version: 1 }
    const scope = { input: null, trigger: null, nodes: { 'send-email': { output: { id: 7 } } }, execution }
    expect(evaluate('nodes["send-email"].output.id', scope)).toBe(7)
  })
})

import type { Scope } from '../../../src/domain/expressions/expressionEngine.js'
import type { JsonValue } from '../../../src/domain/json.js'

/** A scope with this input, and an ancestor `fetch` whose output is `{ "status": 200 }`. */
export const scopeOf = (input: JsonValue, more: Partial<Scope> = {}): Scope => ({
  input,
  trigger: input,
  nodes: { fetch: { output: { status: 200 } } },
  execution: { id: 'e1', startedAt: '2024-05-01T10:00:00.000Z', version: 3 },
  ...more,
})

import type { JsonObject, JsonValue } from '../../src/domain/json.js'

/** A node that does its worst, and the codes with which it may fail; none: it ends well, in its time. */
export interface HostileForm {
  readonly name: string
  readonly type: 'transform' | 'condition' | 'code'
  readonly config: JsonObject
  readonly input: JsonValue
  readonly codes: readonly string[]
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n)
const code = (name: string, source: string, ...codes: string[]): HostileForm => ({
  ...{ name, type: 'code', codes, input: null },
  config: { source, timeoutMs: 1_000, memoryMb: 64 },
})
const expression = (name: string, output: string, input: JsonValue, ...codes: string[]): HostileForm => ({
  ...{ name, type: 'transform', input, codes },
  config: { output: `{{ ${output} }}` },
})

/** `attempt_timeout`: it waited too long for a thread, behind others of its kind. */
const limits = ['expression_limit', 'expression_timeout', 'attempt_timeout']

/** What people who mean harm, or only did not think, put into expressions and code nodes. */
export const hostileForms: readonly HostileForm[] = [
  expression(
    'loops in loops over a huge list',
    'input.map(a, input.map(b, input.filter(c, c > a + b)))',
    numbers(3_000),
    ...limits,
  ),
  expression(
    'sorting in a loop',
    'input.map(a, input.sortBy(b, b * a))',
    numbers(3_000),
    ...limits,
    'output_too_large',
  ),
  expression('a catastrophic pattern', `input.matches("^(a|aa)+(a|b)*((a+)+)+$")`, `${'a'.repeat(200_000)}!`),
  expression('a huge list', 'input.map(a, input)', numbers(20_000), 'output_too_large', ...limits),
  expression(
    'a text that doubles',
    `[1,1,1,1].map(a, ${Array(12).fill('input').join(' + ')})`,
    'x'.repeat(200_000),
    ...limits,
  ),
  code('an endless loop', 'for (;;) {}', 'code_timeout'),
  code('a catastrophic pattern in code', "return /^(a+)+$/.test('a'.repeat(60) + '!')", 'code_timeout'),
  code('a string that doubles', "let s = 'x'; for (;;) s += s", 'code_memory', 'code_error', 'code_timeout'),
  code(
    'an array that grows',
    'const a = []; for (;;) a.push(new Array(1000).fill(a.length))',
    'code_memory',
    'code_timeout',
  ),
  code('endless recursion', 'const f = (n) => f(n + 1) + 1; return f(0)', 'code_error'),
  code('recursion that goes on', 'const f = () => { try { f() } finally { f() } }; f()', 'code_timeout', 'code_error'),
  code('a huge output', "return 'x'.repeat(2_000_000)", 'code_error', 'code_timeout'),
  code('a promise that never settles', 'return new Promise(() => {})', 'code_error'),
  code('a job that queues itself', 'const again = () => Promise.resolve().then(again); again(); return 1'),
  code('a getter', 'return { get a() { for (;;) {} } }', 'code_timeout'),
  code('a proxy', 'return new Proxy({}, { ownKeys: () => { for (;;) {} } })', 'code_timeout'),
  code('toJSON', 'return { toJSON() { for (;;) {} } }', 'code_timeout'),
  code(
    'a deep value',
    'let v = 0; for (let n = 0; n < 100000; n += 1) v = [v]; return v',
    'code_error',
    'code_timeout',
  ),
  code('__proto__ as a key', `return JSON.parse('{"__proto__": {"polluted": true}, "constructor": {"prototype": 1}}')`),
]

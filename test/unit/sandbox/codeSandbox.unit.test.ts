import { afterAll, describe, expect, it } from 'vitest'
import type { JsonValue } from '../../../src/domain/json.js'
import type { ThreadTurn } from '../../../src/domain/nodes/threadTurn.js'
import { createCode } from '../../../src/execution/nodeTypes/code.js'
import { createCodeSandbox } from '../../../src/execution/sandbox/codeSandbox.js'
import { recordedTurn } from '../../support/execution/recordedTurn.js'

const sandbox = createCodeSandbox({ threads: 1 })
const code = createCode(sandbox)
afterAll(() => sandbox.close())

const run = (
  source: string,
  input: JsonValue = null,
  limits: { timeoutMs?: number; memoryMb?: number } = {},
  turn?: ThreadTurn,
) =>
  code.run({
    config: { source, ...limits },
    input,
    scope: {
      input,
      trigger: { started: true },
      nodes: { a: { output: 5 } },
      execution: { id: 'e1', startedAt: '2024-01-01T00:00:00Z', version: 2 },
    },
    executionId: 'e1',
    nodeKey: 'code',
    attempt: 1,
    idempotencyKey: 'e1:code:0',
    signal: new AbortController().signal,
    ...(turn === undefined ? {} : { turn }),
  })

describe('a code node', () => {
  it('says when it waits for a thread and when it has one, and fails with a code of its own where it has to wait too long', async () => {
    const [endless, impatient] = [recordedTurn('hostile'), recordedTurn('other', 1)]
    const stuck = run('for (;;);', null, { timeoutMs: 50 }, endless)
    await expect(run('1', null, {}, impatient)).rejects.toMatchObject({
      error: { class: 'capacity', code: 'no_free_thread' },
    })
    await expect(stuck).rejects.toMatchObject({ error: { code: 'code_timeout' } })
    expect([endless.told[0], endless.told.at(-1), impatient.told]).toEqual(['waits', 'begun', ['waits', 'begun']])
  })

  it.each<[string, JsonValue, JsonValue]>([
    ['input.a + nodes.a.output', { a: 1 }, 6],
    [
      'const sum = input.reduce((a, b) => a + b, 0); return { sum, version: execution.version }',
      [1, 2, 3],
      { sum: 6, version: 2 },
    ],
    ['({ started: trigger.started })', null, { started: true }],
    ['// nothing to return', null, null],
    ['return [1n, 2n].map(Number)', null, [1, 2]],
    ['[...new Map([["k", "ü"]])]', null, [['k', 'ü']]],
  ])('gives what %s returns', async (source, input, output) => {
    await expect(run(source, input)).resolves.toEqual(output)
  })

  it('has no host, no clock, no random numbers and no network', async () => {
    const names = [
      'process',
      'require',
      'fetch',
      'setTimeout',
      'Date',
      'performance',
      'console',
      'globalThis.std',
      'WebAssembly',
      'Atomics',
    ]
    const source = `return [${names.map((name) => `typeof ${name}`).join(', ')}, typeof Math.random]`
    await expect(run(source)).resolves.toEqual([...names, ''].map(() => 'undefined'))
    await expect(run('return import("node:fs")')).rejects.toMatchObject({ error: { code: 'code_error' } })
    await expect(run('return ({}).constructor.constructor("return typeof process")()')).resolves.toBe('undefined')
  })

  it('sees nothing of an earlier run', async () => {
    await run('globalThis.left = 1; Object.prototype.left = 2; JSON.stringify = () => "3"; return 1')
    await expect(run('return [typeof left, JSON.stringify([1])]')).resolves.toEqual(['undefined', '[1]'])
  })

  it('cannot forge its result', async () => {
    await expect(run('JSON.stringify = () => "{"; JSON.parse = () => 1; return { fine: true }')).resolves.toEqual({
      fine: true,
    })
  })

  it.each([
    ['throw new TypeError("no")', 'code_error', 'TypeError: no'],
    ['throw "plain"', 'code_error', 'plain'],
    ['return (', 'code_error', 'SyntaxError'],
    ['return 1n', 'code_error', 'BigInt'],
    ['const a = {}; a.a = a; return a', 'code_error', 'circular'],
    ['return () => 1', 'code_error', 'not a JSON value'],
    ['return Promise.resolve(1)', 'code_error', 'promise'],
    ['const f = () => f() + 1; return f()', 'code_error', 'stack overflow'],
    ['return "x".repeat(2_000_000)', 'code_error', 'larger'],
    ['return new Promise(() => {})', 'code_error', 'promise'],
    ['return { then() { for (;;) {} } }', 'code_error', 'promise'],
    ['let v = 0; for (let n = 0; n < 500; n += 1) v = [v]; return v', 'code_error', 'nested'],
    ['return { get a() { throw new Error("mine") } }', 'code_error', 'mine'],
    ['throw null', 'code_error', 'null'],
  ])('fails %s with %s', async (source, errorCode, message) => {
    await expect(run(source)).rejects.toMatchObject({
      error: { class: 'code', code: errorCode, message: expect.stringContaining(message) },
    })
  })

  it.each([
    'while (true) {}',
    'return /(a+)+$/.test("a".repeat(50) + "b")',
    'for (;;) { try { for (;;) {} } catch {} }',
    '[].sort.call({ length: 1e12 })',
    'return { get a() { for (;;) {} } }',
    'return { toJSON() { for (;;) {} } }',
    'return new Proxy({}, { ownKeys: () => { for (;;) {} } })',
    'return new Proxy([], { get: (target, key) => (key === "length" ? 1e12 : target[key]) })',
  ])('is interrupted at its time: %s', async (source) => {
    await expect(run(source, null, { timeoutMs: 100 })).rejects.toMatchObject({ error: { code: 'code_timeout' } })
  })

  it.each([
    'const all = []; for (;;) all.push(new Array(1000).fill(all.length))',
    'return new ArrayBuffer(2 ** 30)',
    'return "x".repeat(2 ** 29)',
    'let s = "x"; for (;;) s += s + "y"',
    'const m = new Map(); for (let n = 0; ; n += 1) m.set(n, "x".repeat(100) + n)',
  ])('is stopped at its memory: %s', async (source) => {
    await expect(run(source, null, { timeoutMs: 10_000, memoryMb: 8 })).rejects.toMatchObject({
      error: { code: 'code_memory' },
    })
    await expect(run('1 + 1')).resolves.toBe(2)
  })

  it('leaves what it queued undone, and pollutes nothing by the keys of its result', async () => {
    const again = 'const again = () => Promise.resolve().then(again); again(); return "done"'
    await expect(run(again)).resolves.toBe('done')
    const result = await run(`return JSON.parse('{"__proto__": {"polluted": 1}, "constructor": {"prototype": 1}}')`)
    expect(JSON.stringify(result)).toBe('{"constructor":{"prototype":1}}')
    expect(Object.getPrototypeOf(result)).toBe(Object.prototype)
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })

  it('is given up when its attempt is aborted', async () => {
    const controller = new AbortController()
    const attempt = {
      input: null,
      executionId: 'e',
      nodeKey: 'n',
      attempt: 1,
      idempotencyKey: 'k',
      signal: controller.signal,
    }
    const running = code.run({ ...attempt, config: { source: 'for (;;) {}', timeoutMs: 60_000 } })
    setTimeout(() => controller.abort(), 50)
    await expect(running).rejects.toMatchObject({ error: { code: 'code_aborted' } })
  })

  it('keeps its source free of templates', () => {
    expect(code.opaqueFields).toEqual(['source'])
    expect(code.configSchema.safeParse({ source: 'x', timeoutMs: '{{ input.limit }}' }).success).toBe(true)
    expect(code.configSchema.safeParse({ source: 'x', timeoutMs: 0 }).success).toBe(false)
  })
})

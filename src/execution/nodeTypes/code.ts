import { z } from 'zod'
import type { SideEffectNodeType } from '../../domain/nodes/behaviour.js'
import type { CodeSandbox } from '../sandbox/codeSandbox.js'
import { orTemplate, parseResolved } from './configs.js'

const source = z.string().min(1).max(65_536)
const timeoutMs = z.int().min(1).max(60_000)
const memoryMb = z.int().min(1).max(256)

const resolvedSchema = z.strictObject({
  source,
  timeoutMs: timeoutMs.default(1_000),
  memoryMb: memoryMb.default(32),
})

/** Runs JavaScript over `input`, `nodes`, `trigger` and `execution` in a sandbox; its output is what that returns. */
export const createCode = (sandbox: CodeSandbox): SideEffectNodeType => ({
  type: 'code',
  kind: 'sideEffect',
  description: 'Runs JavaScript in a sandbox.',
  configSchema: z.strictObject({
    source,
    timeoutMs: orTemplate(timeoutMs).optional(),
    memoryMb: orTemplate(memoryMb).optional(),
  }),
  ports: () => ['out'],
  opaqueFields: ['source'],
  external: false,
  usesThread: true,
  defaultTimeoutMs: 90_000,
  inDoubt: () => 'retry',
  run: async ({ config, input, scope, signal, turn }) => {
    const resolved = parseResolved(resolvedSchema, config)
    const variables = {
      input: JSON.stringify(input),
      nodes: JSON.stringify(scope?.nodes ?? {}),
      trigger: JSON.stringify(scope?.trigger ?? null),
      execution: JSON.stringify(scope?.execution ?? null),
    }
    const { timeoutMs: limit, memoryMb: memory } = resolved
    return sandbox.run(
      { source: resolved.source, variables, timeoutMs: limit, memoryBytes: memory * 1024 * 1024 },
      { signal, turn },
    )
  },
})

import { z } from 'zod'
import type { JsonValue } from '../../../src/domain/json.js'
import type { Attempt, ExecutableNodeTypes, SideEffectNodeType } from '../../../src/domain/nodes/behaviour.js'
import { pureTypes, triggerTypes, waitTypes } from '../../../src/execution/nodeTypes/pureTypes.js'

/** A side effect that is whatever the test says; `config.inDoubt` is its answer to a crash. */
export const effectType = (
  run: (attempt: Attempt) => Promise<JsonValue> = async ({ config, input }) => config.output ?? input,
): SideEffectNodeType => ({
  type: 'test.effect',
  kind: 'sideEffect',
  description: 'A side effect of a test.',
  configSchema: z.looseObject({}),
  ports: () => ['out'],
  run,
  inDoubt: (config) => (config.inDoubt === 'hold' ? 'hold' : 'retry'),
  defaultTimeoutMs: 5_000,
})

/** The real node types that need no service, and `test.effect`. */
export const testNodeTypes = (effect: SideEffectNodeType = effectType()): ExecutableNodeTypes =>
  new Map([...pureTypes, ...waitTypes, ...triggerTypes, effect].map((type) => [type.type, type]))

import fc from 'fast-check'
import type { Definition, Edge, Policy, WorkflowNode } from '../../../src/domain/definition.js'
import type { JsonObject } from '../../../src/domain/json.js'
import { idOf } from './workflows.js'

const keys = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
/** Few of everything, so that two definitions have much in common. */
const config: fc.Arbitrary<JsonObject> = fc.constantFrom<JsonObject>(
  {},
  { x: 1 },
  { x: 1, y: { z: [1, 2] } },
  { t: 'a' },
)
const policy: fc.Arbitrary<Policy> = fc.constantFrom<Policy>(
  {},
  { join: 'any' },
  { onError: 'hold', join: { quorum: 2 } },
)
const position = fc.record({ x: fc.integer({ min: 0, max: 2 }), y: fc.integer({ min: 0, max: 2 }) })

const nodes: fc.Arbitrary<WorkflowNode[]> = fc
  .tuple(
    fc.subarray(['n1', 'n2', 'n3', 'n4', 'n5', 'n6'], { minLength: 1 }),
    fc.shuffledSubarray(keys, { minLength: 6, maxLength: 6 }),
    fc.array(fc.record({ type: fc.constantFrom('noop', 'merge'), config, policy, position }), {
      minLength: 6,
      maxLength: 6,
    }),
  )
  .map(([ids, ownKeys, parts]) =>
    ids.map((name, index) => ({ id: idOf(name), key: ownKeys[index]!, ...parts[index]! })),
  )

/** Any definition that a draft may hold: unique ids and keys, edges between nodes that are there, cycles and all. */
export const definitions: fc.Arbitrary<Definition> = nodes.chain((drawn) =>
  fc
    .uniqueArray(
      fc.record<Edge>({
        id: fc.integer({ min: 0, max: 30 }).map((number) => idOf(`edge ${number}`)),
        sourceNodeId: fc.constantFrom(...drawn.map(({ id }) => id)),
        sourcePort: fc.constantFrom('out', 'true'),
        targetNodeId: fc.constantFrom(...drawn.map(({ id }) => id)),
      }),
      { selector: ({ id }) => id, maxLength: 12 },
    )
    .chain((edges) => fc.constantFrom({}, { timeoutMs: 1 }).map((settings) => ({ nodes: drawn, edges, settings }))),
)

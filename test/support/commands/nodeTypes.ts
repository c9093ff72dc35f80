import type { NodeType, NodeTypes } from '../../../src/domain/nodes/nodeType.js'
import { createCelEngine } from '../../../src/execution/expressions/celEngine.js'
import { createHttpRequest } from '../../../src/execution/nodeTypes/httpRequest.js'
import { pureTypes, triggerTypes, waitTypes } from '../../../src/execution/nodeTypes/pureTypes.js'

/** The real node types; nothing is sent, so the one that sends has no connection to the world. */
const httpRequest = createHttpRequest({
  request: () => Promise.reject(new Error('tests of the write side send nothing')),
} as unknown as Parameters<typeof createHttpRequest>[0])

const all: readonly NodeType[] = [...triggerTypes, ...pureTypes, ...waitTypes, httpRequest]

export const testNodeTypes: NodeTypes = new Map(all.map((type) => [type.type, type]))
export const testEngine = createCelEngine()

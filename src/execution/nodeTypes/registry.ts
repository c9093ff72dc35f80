import type { ExecutableNodeType, ExecutableNodeTypes } from '../../domain/nodes/behaviour.js'
import type { OutboundHttp } from '../outbound/outboundHttp.js'
import type { CodeSandbox } from '../sandbox/codeSandbox.js'
import { createCode } from './code.js'
import { createHttpRequest } from './httpRequest.js'
import { pureTypes, triggerTypes, waitTypes } from './pureTypes.js'

export interface NodeTypeServices {
  readonly http: OutboundHttp
  readonly sandbox: CodeSandbox
  /** Further types, of an installation's own or of a test's. */
  readonly others?: readonly ExecutableNodeType[]
}

/** Every node type by its name. A new one is one file and one line here (docs/node-types.md). */
export const createNodeTypes = ({ http, sandbox, others = [] }: NodeTypeServices): ExecutableNodeTypes => {
  const types: readonly ExecutableNodeType[] = [
    ...triggerTypes,
    ...pureTypes,
    ...waitTypes,
    createHttpRequest(http),
    createCode(sandbox),
    ...others,
  ]
  return new Map(types.map((type) => [type.type, type]))
}

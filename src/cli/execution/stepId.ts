import type { Client } from '../client.js'
import { CommandFailed } from '../errors.js'
import { newest, path, withQuery } from '../paths.js'
import type { Execution } from '../resources.js'

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** People know nodes by key, the API by id. */
export const stepIdOf = async (client: Client, executionId: string, node: string): Promise<string> => {
  if (uuid.test(node)) return node
  const { body } = await client.get<Execution>(withQuery(path`/v1/executions/${executionId}`, { asOf: newest }))
  const step = body.steps.find(({ key }) => key === node)
  if (step === undefined) {
    throw new CommandFailed(`it has no node ${node}; its nodes are ${body.steps.map(({ key }) => key).join(', ')}`)
  }
  return step.nodeId
}

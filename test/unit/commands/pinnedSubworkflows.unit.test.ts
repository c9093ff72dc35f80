import { describe, expect, it } from 'vitest'
import { createCommandHandler } from '../../../src/commands/eventStoreCommandHandler.js'
import { createExecutions } from '../../../src/commands/executions/createExecutions.js'
import { createWorkflowCommands } from '../../../src/commands/workflows/createWorkflowCommands.js'
import { createVersionSource } from '../../../src/commands/workflows/versionSource.js'
import type { JsonObject } from '../../../src/domain/json.js'
import { workflowAggregate } from '../../../src/domain/workflow/aggregate.js'
import { createInMemoryLog } from '../../../src/eventlog/inMemory/inMemoryLog.js'
import { createCelEngine } from '../../../src/execution/expressions/celEngine.js'
import { createNodeTypes } from '../../../src/execution/nodeTypes/registry.js'
import { createOutboundHttp } from '../../../src/execution/outbound/outboundHttp.js'
import { createCodeSandbox } from '../../../src/execution/sandbox/codeSandbox.js'
import { testContext } from '../../support/commands/context.js'
import { randomIds } from '../../support/commands/workflows.js'

const setUp = () => {
  const log = createInMemoryLog()
  const handler = createCommandHandler({ store: log })
  const versions = createVersionSource({ store: log })
  const engine = createCelEngine()
  const nodeTypes = createNodeTypes({ http: createOutboundHttp(), sandbox: createCodeSandbox() })
  const secretNames = async () => new Set<string>()
  const workflows = createWorkflowCommands({ handler, versions, ids: randomIds, nodeTypes, engine, secretNames })
  const { commands } = createExecutions({
    ...{ handler, versions, nodeTypes, engine, elsewhere: false },
    findWorkflow: async (id) => (await handler.load(workflowAggregate, id)).state,
    countActive: async () => 0,
    feed: log,
    unexpected: (error) => expect.unreachable(String(error)),
    admit: () => undefined,
  })
  const publish = async (id: string) => {
    const { version } = await workflows.saveVersion(testContext(), id, {})
    await workflows.publish(testContext(), id, version.number)
  }
  const create = async (name: string, type: string, config: JsonObject) => {
    const { workflow } = await workflows.create(testContext(), {
      name,
      nodes: [
        { key: 'start', type: 'trigger.manual' },
        { key: 'work', type, config },
      ],
      edges: [{ sourceNodeId: 'start', targetNodeId: 'work' }],
    })
    await publish(workflow.id)
    return workflow.id
  }
  const publishChange = async (id: string, output: string) => {
    await workflows.edit(testContext(), id, [{ op: 'configureNode', nodeId: 'work', config: { output } }])
    await publish(id)
  }
  /** The version of its child that a run of the workflow waits for. */
  const childVersion = async (workflowId: string) => {
    const { executionId } = await commands.start(testContext(), { workflowId })
    const scheduled = log.events.find((e) => e.stream === `execution-${executionId}` && e.type === 'NodeScheduled')
    return (scheduled!.data as { wait: { version?: number } }).wait.version
  }
  return { create, publishChange, publish, childVersion, workflows }
}

describe('a child workflow without a version', () => {
  it('runs the version that was published when its parent was, whatever is published since', async () => {
    const { create, publishChange, childVersion } = setUp()
    const child = await create('child', 'transform', { output: 'one' })
    const parent = await create('parent', 'subworkflow', { workflowId: child })
    await publishChange(child, 'two')
    expect(await childVersion(parent)).toBe(1)
  })

  it('runs the newer one once the parent is published again', async () => {
    const { create, publishChange, publish, childVersion, workflows } = setUp()
    const child = await create('child', 'transform', { output: 'one' })
    const parent = await create('parent', 'subworkflow', { workflowId: child })
    await publishChange(child, 'two')
    await workflows.edit(testContext(), parent, [{ op: 'renameNode', nodeId: 'work', key: 'call' }])
    await publish(parent)
    expect(await childVersion(parent)).toBe(2)
  })

  it('stays with a version that the parent names', async () => {
    const { create, publishChange, childVersion } = setUp()
    const child = await create('child', 'transform', { output: 'one' })
    await publishChange(child, 'two')
    expect(await childVersion(await create('parent', 'subworkflow', { workflowId: child, version: 1 }))).toBe(1)
  })
})

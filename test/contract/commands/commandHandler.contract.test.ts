import { v7 as uuid } from 'uuid'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createCommandHandler } from '../../../src/commands/eventStoreCommandHandler.js'
import { createWorkflowCommands } from '../../../src/commands/workflows/createWorkflowCommands.js'
import { createVersionSource } from '../../../src/commands/workflows/versionSource.js'
import type { FlowledgerError } from '../../../src/domain/errors.js'
import type { StoredEvent } from '../../../src/domain/events/recordedEvent.js'
import { verifyChain } from '../../../src/domain/hashChain.js'
import { testContext } from '../../support/commands/context.js'
import { names, renamed } from '../../support/commands/counter.js'
import { testEngine, testNodeTypes } from '../../support/commands/nodeTypes.js'
import { randomIds } from '../../support/commands/workflows.js'
import { type Log, logAdapters } from '../../support/logs.js'

describe.each(logAdapters)('the command handler on the event log ($name)', ({ start }) => {
  let log: Log
  let stop: () => Promise<void>

  beforeAll(async () => {
    const started = await start()
    log = started.log
    stop = started.stop
  })
  afterAll(() => stop?.())

  /** As in another process, or after a restart. */
  const newHandler = () => createCommandHandler({ store: log })
  const read = async (stream: string): Promise<StoredEvent[]> => {
    const events: StoredEvent[] = []
    for await (const event of log.readStream(stream)) events.push(event)
    return events
  }

  it('writes a chain that can be recomputed from what the log holds', async () => {
    const id = uuid()
    const [one, other] = [newHandler(), newHandler()]
    const nasty = ['"\\/\b\f\n\r\t\u0000', 'ä€😀\u2028', '\ud800 alone', '0'.repeat(5_000)]
    for (const name of nasty) {
      for (const handler of [one, other]) await handler.handle(names, id, testContext(), () => renamed(name))
    }
    const events = await read(`workflow-${id}`)
    expect(events).toHaveLength(8)
    expect(verifyChain(events)).toBeUndefined()
  })

  it('lets processes that write to one stream at once lose nothing', async () => {
    const id = uuid()
    const handlers = [newHandler(), newHandler()]
    await handlers[0]?.handle(names, id, testContext(), () => renamed('first'))
    // On a busy machine one may lose 4 times in a row; then nothing was written, and it may be tried again.
    const write = async (handler: (typeof handlers)[0], name: string): Promise<unknown> =>
      handler
        .handle(names, id, testContext(), () => renamed(name))
        .catch((error: FlowledgerError) => {
          if (error.code !== 'concurrent_change') throw error
          return write(handler, name)
        })
    const writeTen = async (handler: (typeof handlers)[0], prefix: number) => {
      for (let n = 0; n < 10; n += 1) await write(handler, `${prefix}-${n}`)
    }
    await Promise.all(handlers.map(writeTen))
    const { state, revision } = await newHandler().load(names, id)
    expect(revision).toBe(20)
    expect(new Set(state).size).toBe(21)
    expect(verifyChain(await read(`workflow-${id}`))).toBeUndefined()
  })

  it('recognises a repeated command after a restart, and one that another process carries out too', async () => {
    const id = uuid()
    const context = testContext({ requestHash: 'body' })
    const late = newHandler()
    await late.handle(names, id, testContext(), () => renamed('a'))
    const first = await newHandler().handle(names, id, context, () => renamed('b', 'c'))
    const again = { ...context, now: '2030-01-01T00:00:00.000Z' }
    for (const handler of [late, newHandler()]) {
      const outcome = await handler.handle(names, id, again, () => renamed('x', 'y'))
      expect(outcome).toMatchObject({ replayed: true, revision: 2, position: first.position, state: ['a', 'b', 'c'] })
    }
    await late.handle(names, id, testContext(), () => renamed('d'))
    expect(verifyChain(await read(`workflow-${id}`))).toBeUndefined()
  })

  it('refuses a stale If-Match with the revision of now', async () => {
    const id = uuid()
    const handler = newHandler()
    await handler.handle(names, id, testContext(), () => renamed('a'))
    await newHandler().handle(names, id, testContext(), () => renamed('b'))
    const stale = handler.handle(names, id, testContext({ ifMatch: 0 }), () => renamed('c'))
    await expect(stale).rejects.toMatchObject({ code: 'revision_mismatch', details: { currentRevision: 1 } })
  })

  it('writes appends of the largest size that it lets through', async () => {
    const id = uuid()
    const handler = newHandler()
    const parts = Array.from({ length: 4 }, () => 'x'.repeat(224 * 1024))
    await handler.handle(names, id, testContext(), () => renamed(...parts))
    expect((await newHandler().load(names, id)).state).toEqual(parts)
  })

  it('loads a workflow from its last version as from its beginning', async () => {
    const commandsOver = (handler = newHandler()) =>
      createWorkflowCommands({
        handler,
        versions: createVersionSource({ store: log }),
        ids: randomIds,
        nodeTypes: testNodeTypes,
        engine: testEngine,
        secretNames: async () => new Set(),
      })
    const commands = commandsOver()
    const { workflow } = await commands.create(testContext(), {
      name: 'Orders',
      nodes: [{ key: 'start', type: 'trigger.manual' }],
    })
    const { id } = workflow
    await commands.saveVersion(testContext(), id, { label: 'one' })
    await commands.publish(testContext(), id, 1)
    await commands.addNode(testContext(), id, { key: 'end', type: 'noop' })
    await commands.saveVersion(testContext(), id, { label: 'two' })
    const { workflow: last } = await commands.addEdge(testContext(), id, { sourceNodeId: 'start', targetNodeId: 'end' })
    expect((await commandsOver().load(id))?.workflow).toEqual(last)
    expect((await commandsOver().restoreVersion(testContext(), id, 1)).workflow.nodes.size).toBe(1)
  })
})

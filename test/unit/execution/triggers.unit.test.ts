import { v7 as uuidv7 } from 'uuid'
import { afterEach, describe, expect, it } from 'vitest'
import { createCommandHandler } from '../../../src/commands/eventStoreCommandHandler.js'
import {
  createPublishedTriggers,
  type PublishedTriggers,
} from '../../../src/commands/executions/triggers/publishedTriggers.js'
import { createWebhooks } from '../../../src/commands/executions/triggers/webhooks.js'
import { FlowledgerError } from '../../../src/domain/errors.js'
import type { WorkflowEvent } from '../../../src/domain/events/catalogue/index.js'
import { workflowAggregate } from '../../../src/domain/workflow/aggregate.js'
import { createInMemoryLog } from '../../../src/eventlog/inMemory/inMemoryLog.js'
import { define, idOf, noop } from '../../support/execution/definitions.js'
import { useEngines } from '../../support/execution/engines.js'
import { testActor } from '../../support/execution/pureRun.js'

const engineWith = useEngines()
const started: PublishedTriggers[] = []
afterEach(() => Promise.all(started.splice(0).map((triggers) => triggers.stop())))

const hook = (config: object) => ({ type: 'trigger.webhook', config: { ...config } })
const workflows = {
  orders: define({ hook: hook({ path: 'orders', method: 'POST', respond: 'result' }), n: noop }, ['hook -> n']),
  rival: define({ hook: hook({ path: 'orders' }), n: noop }, ['hook -> n']),
}

/** Writes the life cycle of a workflow, as its commands would. */
const lifeCycles = () => {
  const log = createInMemoryLog()
  const handler = createCommandHandler({ store: log })
  const write = async (workflow: string, event: WorkflowEvent, now = new Date().toISOString()) => {
    const commandId = uuidv7()
    const context = { commandId, actor: testActor, now, correlationId: commandId, causationId: commandId }
    await handler.handle(workflowAggregate, idOf(workflow), context, () => [event])
  }
  return {
    log,
    create: (workflow: string) =>
      write(workflow, { type: 'WorkflowCreated', data: { name: workflow, description: '', settings: {} } } as never),
    publish: (workflow: string, now?: string) =>
      write(
        workflow,
        { type: 'VersionPublished', data: { versionId: idOf(`${workflow} 1`), number: 1, contentHash: workflow } },
        now,
      ),
    unpublish: (workflow: string) => write(workflow, { type: 'WorkflowUnpublished', data: { number: 1 } }),
    archive: (workflow: string) => write(workflow, { type: 'WorkflowArchived', data: {} }),
    restore: (workflow: string) => write(workflow, { type: 'WorkflowRestored', data: {} }),
  }
}

const follow = async (
  log: ReturnType<typeof createInMemoryLog>,
  beforeLoad: (workflowId: string) => void = () => undefined,
) => {
  const unexpected: unknown[] = []
  const triggers = createPublishedTriggers({
    feed: log,
    versions: {
      loadVersion: async (workflowId, number) => {
        beforeLoad(workflowId)
        const [name, definition] = Object.entries(workflows).find(([key]) => idOf(key) === workflowId) ?? []
        return definition && { workflowId, number, versionId: idOf(`${name} 1`), contentHash: name ?? '', definition }
      },
    },
    unexpected: (error) => unexpected.push(error),
  })
  started.push(triggers)
  await triggers.start()
  return { triggers, unexpected }
}
const changed = (triggers: PublishedTriggers) =>
  new Promise<void>((resolve) => {
    const ignore = triggers.onChange(() => {
      ignore()
      resolve()
    })
  })
const request = (method: string, path = 'orders') => ({
  method,
  path,
  headers: { 'x-a': '1' },
  query: {},
  body: { n: 1 },
})

describe('published triggers', () => {
  it('are those of what is published now, and follow the log', async () => {
    const { log, publish, create, unpublish, archive, restore } = lifeCycles()
    await create('orders')
    await publish('orders')
    const { triggers, unexpected } = await follow(log)
    const keys = () => triggers.of('trigger.webhook').map(({ workflowId }) => workflowId)
    expect(keys()).toEqual([idOf('orders')])
    for (const [change, expected] of [
      [archive, []],
      [restore, [idOf('orders')]],
      [unpublish, []],
      [publish, [idOf('orders')]],
    ] as const) {
      const heard = changed(triggers)
      await change('orders')
      await heard
      expect(keys()).toEqual(expected)
    }
    expect(unexpected).toEqual([])
  })
})

describe('published triggers whose version can not be read', () => {
  const bothPublished = async () => {
    const { log, create, publish } = lifeCycles()
    for (const workflow of ['orders', 'rival']) {
      await create(workflow)
      await publish(workflow)
    }
    return log
  }
  const keysOf = ({ triggers }: { triggers: PublishedTriggers }) =>
    triggers.of('trigger.webhook').map(({ workflowId }) => workflowId)

  it('are read again where the log was away, with all that were still to be read', async () => {
    let isAway = true
    const followed = await follow(await bothPublished(), () => {
      if (isAway) {
        isAway = false
        throw new FlowledgerError('unavailable', 'log_unavailable', 'it is away')
      }
    })
    expect(keysOf(followed)).toEqual([idOf('orders'), idOf('rival')])
    expect(followed.unexpected).toEqual([])
  })

  it('are told and left out where it is damaged, and the others are there', async () => {
    const damage = new Error('damaged')
    const followed = await follow(await bothPublished(), (workflowId) => {
      if (workflowId === idOf('orders')) throw damage
    })
    expect(keysOf(followed)).toEqual([idOf('rival')])
    expect(followed.unexpected).toEqual([damage])
  })
})

describe('a webhook', () => {
  const receiver = async () => {
    const written = lifeCycles()
    for (const [workflow, at] of [
      ['orders', '2026-01-01T00:00:00Z'],
      ['rival', '2026-01-02T00:00:00Z'],
    ] as const) {
      await written.create(workflow)
      await written.publish(workflow, at)
    }
    const { triggers } = await follow(written.log)
    const engine = engineWith({ workflows })
    return { engine, receive: createWebhooks({ triggers, executions: engine.commands }) }
  }

  it('starts a run of the workflow that published its path first, with the request as input', async () => {
    const { engine, receive } = await receiver()
    const answer = await receive(engine.context(), request('POST'))
    const state = { workflowId: idOf('orders'), outcome: 'completed', output: request('POST') }
    expect(answer).toMatchObject({ respond: 'result', execution: { state } })
  })

  it('of another method starts nothing and hears which ones there are; at another path there is none', async () => {
    const { engine, receive } = await receiver()
    expect(await receive(engine.context(), request('GET'))).toEqual({ methods: ['POST'] })
    expect(await receive(engine.context(), request('POST', 'nowhere'))).toBeUndefined()
    expect(engine.log.events).toEqual([])
  })
})

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { v4 as uuid } from 'uuid'
import { afterAll, describe, expect, it } from 'vitest'
import { startEmbeddedEventStore } from '../../../src/embedded/eventstore/index.js'
import { LogUnavailable } from '../../../src/eventlog/eventStore.js'
import { createEventStoreDbClient } from '../../../src/eventlog/eventStoreDb/client.js'
import { eventStoreDbStore } from '../../../src/eventlog/eventStoreDb/eventStoreDbStore.js'

const event = () => ({ id: uuid(), type: 'NodeMoved', data: {}, metadata: {} })

describe('a process with clients of two logs', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'flowledger-two-logs-'))
  afterAll(() => rm(directory, { recursive: true, force: true }))

  it('loses the appends of the log that goes away, none of the other, and comes back by itself', async () => {
    const options = { directory: join(directory, 'first'), accessKey: 'first' }
    let first = await startEmbeddedEventStore(options)
    const second = await startEmbeddedEventStore({ directory: join(directory, 'second') })
    const clients = [first, second].map(({ connectionString }) => createEventStoreDbClient(connectionString))
    const [one, other] = clients.map(eventStoreDbStore)
    if (one === undefined || other === undefined) throw new Error('two stores')

    const acknowledged: string[] = []
    const losses: unknown[] = []
    const write = async () => {
      while (losses.length === 0) {
        const stream = `workflow-${uuid()}`
        await one.append(stream, [event()], 'none').then(
          () => acknowledged.push(stream),
          (error: unknown) => losses.push(error),
        )
      }
    }
    const others: Promise<unknown>[] = []
    const writeToOther = async () => {
      while (losses.length === 0) {
        others.push(other.append(`workflow-${uuid()}`, [event()], 'none'))
        await others.at(-1)
      }
    }
    const writers = [...Array.from({ length: 8 }, write), ...Array.from({ length: 8 }, writeToOther)]
    while (acknowledged.length < 50) await new Promise((resolve) => setImmediate(resolve))
    await first.stop()
    await Promise.all(writers)
    expect(losses.length).toBeGreaterThan(0)
    for (const loss of losses) expect(loss).toBeInstanceOf(LogUnavailable)
    await expect(Promise.all(others)).resolves.toHaveLength(others.length)

    first = await startEmbeddedEventStore({ ...options, port: first.port })
    for (const stream of acknowledged) {
      const found: number[] = []
      for await (const { revision } of one.readStream(stream)) found.push(revision)
      expect(found).toEqual([0])
    }
    expect(await one.append(`workflow-${uuid()}`, [event()], 'none')).toMatchObject({ revision: 0 })
    await Promise.all(clients.map((client) => client.dispose()))
    await Promise.all([first.stop(), second.stop()])
  })
})

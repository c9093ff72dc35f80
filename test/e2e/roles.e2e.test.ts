import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startEmbeddedEventStore } from '../../src/embedded/eventstore/index.js'
import { startEmbeddedMongo } from '../../src/embedded/mongo/index.js'
import { startEmbeddedPostgres } from '../../src/embedded/postgres/index.js'
import { newDirectory, type Program, removeDirectory, startProgram, startRole } from '../support/program.js'

interface Execution {
  id: string
  status: string
  output: unknown
  steps: { key: string; status: string; attempts: number }[]
}

describe('one process for each role, on stores that are not embedded in any of them', () => {
  const directory = newDirectory()
  const stops: (() => Promise<unknown>)[] = []
  const received: string[] = []
  let answers = false
  let environment: NodeJS.ProcessEnv
  let api: Program
  let target: string

  beforeAll(async () => {
    const folder = async (name: string) => {
      const path = join(directory, name)
      await mkdir(path, { mode: 0o700 })
      return path
    }
    const [log, postgres, mongo] = await Promise.all([
      startEmbeddedEventStore({ directory: await folder('eventstore') }),
      startEmbeddedPostgres({ directory: await folder('postgres') }),
      startEmbeddedMongo({ directory: await folder('mongo') }),
    ])
    stops.push(
      () => log.stop(),
      () => postgres.stop(),
      () => mongo.stop(),
    )
    environment = {
      EVENTSTORE_URL: log.connectionString,
      POSTGRES_URL: postgres.connectionString,
      MONGO_URL: mongo.connectionString,
      API_KEY: 'a key that an operator chose'.replaceAll(' ', '-'),
      MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
      ALLOW_PRIVATE_NETWORKS: 'true',
    }
    const server = createServer((request, response) => {
      received.push(String(request.headers['idempotency-key']))
      if (answers) response.setHeader('content-type', 'text/plain').end('done')
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    target = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    stops.push(async () => {
      server.closeAllConnections()
      server.close()
    })
    const projector = await startRole({ ...environment, ROLES: 'projector' })
    stops.push(() => projector.stop())
    api = await startProgram({ ...environment, ROLES: 'api' })
    stops.push(() => api.stop())
  })
  afterAll(async () => {
    for (const stop of stops.toReversed()) await stop()
    removeDirectory(directory)
  })

  const publish = async (name: string, config: unknown): Promise<string> => {
    const { body } = await api.call<{ id: string }>('POST', '/v1/workflows', {
      name,
      nodes: [
        { key: 'start', type: 'trigger.manual' },
        {
          key: 'call',
          type: 'http.request',
          config,
          policy: { timeoutMs: 3_000, retry: { maxAttempts: 3, initialMs: 10 } },
        },
        { key: 'end', type: 'transform', config: { output: '{{ input.body }}' } },
      ],
      edges: [
        { sourceNodeId: 'start', targetNodeId: 'call' },
        { sourceNodeId: 'call', targetNodeId: 'end' },
      ],
    })
    await api.call('POST', `/v1/workflows/${body.id}/versions`, {})
    await api.call('POST', `/v1/workflows/${body.id}/versions/1/publish`)
    return body.id
  }

  it('keeps a run whose executor was killed in the middle of an attempt, and another executor ends it', async () => {
    const workflowId = await publish('across processes', { method: 'GET', url: target })
    const doomed = await startRole({ ...environment, ROLES: 'executor' })
    const started = await api.call<Execution>('POST', `/v1/workflows/${workflowId}/executions`, { input: null })
    expect(started.status).toBe(202)
    while (received.length === 0) await sleep(20)
    await doomed.kill()
    answers = true
    const other = await startRole({ ...environment, ROLES: 'executor' })
    stops.push(() => other.stop())

    let run: Execution
    do {
      await sleep(100)
      run = (await api.call<Execution>('GET', `/v1/executions/${started.body.id}`)).body
    } while (run.status !== 'completed' && run.status !== 'failed')
    expect(run).toMatchObject({ status: 'completed', output: 'done' })
    expect(received.length).toBeGreaterThanOrEqual(2)
    expect(new Set(received).size).toBe(1)
  })

  it('answers a start that waits with what another process came to', async () => {
    const workflowId = await publish('waits across processes', { method: 'GET', url: target })
    const headers = { Prefer: 'wait=20' }
    const run = await api.call<Execution>('POST', `/v1/workflows/${workflowId}/executions`, { input: 1 }, headers)
    expect(run.status).toBe(200)
    expect(run.body).toMatchObject({ status: 'completed', output: 'done' })
  })
})

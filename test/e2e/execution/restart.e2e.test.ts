import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newDirectory, type Program, removeDirectory, startProgram } from '../../support/program.js'

interface Run {
  id: string
  status: string
  steps: { nodeId: string; key: string; status: string }[]
}

describe('the program on embedded stores, killed with attempts in flight', () => {
  const directory = newDirectory()
  const environment = { DATA_DIR: join(directory, 'data'), ALLOW_PRIVATE_NETWORKS: 'true' }
  /** What came in; a POST and the first GET are never answered. */
  const received: string[] = []
  let outside: Server
  let running: Program

  beforeAll(() => {
    outside = createServer(({ method = '' }, response) => {
      received.push(method)
      if (received.filter((each) => each === 'GET').length > 1) response.end('{}')
    }).listen(0, '127.0.0.1')
  })
  afterAll(async () => {
    await running.stop()
    outside.closeAllConnections()
    outside.close()
    removeDirectory(directory)
  })

  it('takes them up when it is started again, though their leases go on for hours', async () => {
    const first = await startProgram(environment)
    running = first
    const call = (method: string) => ({
      key: method.toLowerCase(),
      type: 'http.request',
      config: { method, url: `http://127.0.0.1:${(outside.address() as AddressInfo).port}/` },
      policy: { timeoutMs: 7_200_000 },
    })
    const definition = {
      name: 'Killed',
      nodes: [{ key: 'start', type: 'trigger.manual' }, call('POST'), call('GET')],
      edges: ['post', 'get'].map((targetNodeId) => ({ sourceNodeId: 'start', targetNodeId })),
    }
    const path = `/v1/workflows/${(await first.call('POST', '/v1/workflows', definition)).body.id}`
    await first.call('POST', `${path}/versions`)
    await first.call('POST', `${path}/versions/1/publish`)
    const { id } = (await first.call<Run>('POST', `${path}/executions`)).body
    await expect.poll(() => [...received].sort()).toEqual(['GET', 'POST'])
    await first.kill()

    const second = await startProgram({ ...environment, API_KEY: first.key })
    running = second
    const now = async () => (await second.call<Run>('GET', `/v1/executions/${id}?asOf=9999-12-31T23:59:59Z`)).body
    const statuses = async () => Object.fromEntries((await now()).steps.map(({ key, status }) => [key, status]))
    await expect
      .poll(statuses, { timeout: 60_000, interval: 100 })
      .toEqual({ start: 'completed', post: 'inDoubt', get: 'completed' })
    expect(received.filter((method) => method === 'POST')).toHaveLength(1)
  }, 120_000)
})

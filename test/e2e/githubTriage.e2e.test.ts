import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectedTriage } from '../../src/cli/demo/expectedTriage.js'
import { loadDeliveries } from '../../src/cli/demo/payloads.js'
import { githubTriage } from '../../src/examples/githubTriage.js'
import { newDirectory, type Program, removeDirectory, startProgram } from '../support/program.js'

interface Execution {
  id: string
  status: string
  output: unknown
}

describe('the GitHub triage example', () => {
  const directory = newDirectory()
  const deliveries = loadDeliveries()
  let program: Program
  let workflowId: string

  beforeAll(async () => {
    program = await startProgram({ DATA_DIR: join(directory, 'data') })
    const { body } = await program.call<{ items: { id: string; name: string }[] }>('GET', '/v1/workflows')
    workflowId = body.items.find(({ name }) => name === githubTriage.name)?.id ?? ''
  })
  afterAll(async () => {
    await program.kill()
    removeDirectory(directory)
  })

  it('comes to what a plain function comes to, for every real payload', async () => {
    expect(deliveries).toHaveLength(329)
    const wrong: unknown[] = []
    const queue = deliveries.values()
    const work = async () => {
      for (const { event, payload } of queue) {
        const path = `/v1/workflows/${workflowId}/executions`
        const { body } = await program.call<Execution>(
          'POST',
          path,
          { input: { event, payload } },
          { Prefer: 'wait=20' },
        )
        try {
          expect(body).toMatchObject({ status: 'completed', output: expectedTriage(event, payload) })
        } catch (error) {
          wrong.push(error)
        }
      }
    }
    await Promise.all(Array.from({ length: 8 }, work))
    expect(wrong).toEqual([])
  })

  it('leaves runs whose stored details say the same as the answers did', async () => {
    const { event, payload } = deliveries[0]!
    const path = `/v1/workflows/${workflowId}/executions`
    const run = await program.call<Execution>('POST', path, { input: { event, payload } }, { Prefer: 'wait=20' })
    const token = run.headers.get('x-consistency-token') ?? ''
    const read = await program.call<Execution>('GET', `/v1/executions/${run.body.id}`, undefined, {
      'X-Consistency-Token': token,
    })
    expect(read.body).toMatchObject({ id: run.body.id, status: 'completed', output: run.body.output })
  })

  it('refuses a delivery that is none, with a pointer', async () => {
    const path = `/v1/workflows/${workflowId}/executions`
    const { status, body } = await program.call<{ code: string; errors: { pointer: string }[] }>('POST', path, {
      input: { event: 7 },
    })
    expect(status).toBe(422)
    expect(body.errors.length).toBeGreaterThan(0)
    expect(body.errors.every(({ pointer }) => pointer.startsWith('/input'))).toBe(true)
  })
})

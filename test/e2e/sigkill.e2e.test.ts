import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, it } from 'vitest'
import { newDirectory, removeDirectory, startProgram } from '../support/program.js'

const clients = 8
const rounds = 3

describe('killing the program at full load', () => {
  const directory = newDirectory()
  const environment = { DATA_DIR: join(directory, 'data'), API_KEY: `fl_${randomUUID()}_${'k'.repeat(43)}` }
  afterAll(() => removeDirectory(directory))

  it('loses nothing that was acknowledged, doubles nothing that is sent again, and the chain holds', async () => {
    let program = await startProgram(environment)
    const created = await program.call<{ id: string }>('POST', '/v1/workflows', {
      name: 'killed',
      nodes: [
        { key: 'start', type: 'trigger.manual' },
        { key: 'double', type: 'transform', config: { output: { twice: '{{ input.n * 2 }}' } } },
      ],
      edges: [{ sourceNodeId: 'start', targetNodeId: 'double' }],
    })
    const path = `/v1/workflows/${created.body.id}`
    await program.call('POST', `${path}/versions`, {})
    await program.call('POST', `${path}/versions/1/publish`)

    const sent = new Map<string, number>()
    const acknowledged = new Map<string, string>()
    let n = 0
    const write = async () => {
      for (;;) {
        const key = randomUUID()
        n += 1
        sent.set(key, n)
        try {
          const headers = { 'Idempotency-Key': key, Prefer: 'wait=10' }
          const { status, body } = await program.call<{ id: string }>(
            'POST',
            `${path}/executions`,
            { input: { n } },
            headers,
          )
          if (status === 200) acknowledged.set(key, body.id)
        } catch {
          return
        }
      }
    }
    for (let round = 0; round < rounds; round += 1) {
      const writers = Promise.all(Array.from({ length: clients }, write))
      await sleep(400 + 300 * round)
      await program.kill()
      await writers
      program = await startProgram(environment)
    }
    expect(acknowledged.size).toBeGreaterThan(20)

    // Everything is sent once more: what was there answers as it did, what was in doubt is done exactly once.
    const ids = new Map<string, string>()
    let token = ''
    for (const [key, value] of sent) {
      const headers = { 'Idempotency-Key': key, Prefer: 'wait=10' }
      const { body, headers: answered } = await program.call<{ id: string; status: string; output: { twice: number } }>(
        'POST',
        `${path}/executions`,
        { input: { n: value } },
        headers,
      )
      expect(body).toMatchObject({ status: 'completed', output: { twice: value * 2 } })
      if (acknowledged.has(key)) expect(body.id).toBe(acknowledged.get(key))
      ids.set(key, body.id)
      token = answered.get('x-consistency-token') ?? ''
    }
    expect(new Set(ids.values()).size).toBe(sent.size)

    const seen = new Set<string>()
    let cursor: string | null = null
    do {
      const query = `/v1/executions?workflowId=${created.body.id}&limit=200${cursor === null ? '' : `&cursor=${cursor}`}`
      const page: { items: { id: string }[]; nextCursor: string | null } = (
        await program.call<{ items: { id: string }[]; nextCursor: string | null }>('GET', query, undefined, {
          'X-Consistency-Token': token,
        })
      ).body
      for (const { id } of page.items) seen.add(id)
      cursor = page.nextCursor
    } while (cursor !== null)
    expect([...ids.values()].filter((id) => !seen.has(id))).toEqual([])
    expect(seen.size).toBe(ids.size)

    const verification = await program.call<{ valid: boolean }>('GET', '/v1/audit/verification')
    expect(verification.body.valid).toBe(true)
    await program.stop()
  })
})

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Client, createClient } from '../../support/http/client.js'
import { startWorld, type World } from '../../support/http/world.js'

let world: World
let send: Client

beforeAll(async () => {
  world = await startWorld()
  send = createClient(world)
})
afterAll(() => world.stop())

const chain = (length: number) => ({
  name: 'Chain',
  nodes: [
    { key: 'start', type: 'trigger.manual' },
    ...Array.from({ length }, (_, i) => ({
      key: `n${i}`,
      type: 'transform',
      config: { output: { count: '{{ input.count + 1 }}' } },
    })),
  ],
  edges: Array.from({ length }, (_, i) => ({ sourceNodeId: i === 0 ? 'start' : `n${i - 1}`, targetNodeId: `n${i}` })),
})

const approval = {
  name: 'Approval',
  nodes: [
    { key: 'start', type: 'trigger.manual' },
    { key: 'wait', type: 'signal', config: { name: 'approve' } },
    { key: 'done', type: 'transform', config: { output: '{{ nodes.wait.output.by }}' } },
  ],
  edges: [
    { sourceNodeId: 'start', targetNodeId: 'wait' },
    { sourceNodeId: 'wait', targetNodeId: 'done' },
  ],
}

const publish = async (definition: object): Promise<string> => {
  const { id } = (await send('post', '/v1/workflows', { body: definition })).body
  await send('post', `/v1/workflows/${id}/versions`)
  const published = await send('post', `/v1/workflows/${id}/versions/1/publish`)
  expect(published.status, published.text).toBe(200)
  return id
}

describe('executions over HTTP', () => {
  it('runs a chain while the caller waits', async () => {
    const id = await publish(chain(5))
    const run = await send('post', `/v1/workflows/${id}/executions`, {
      body: { input: { count: 0 } },
      headers: { Prefer: 'wait=5' },
    })
    expect(run.status).toBe(200)
    expect(run.headers['preference-applied']).toBe('wait=5')
    expect(run.body).toMatchObject({ status: 'completed', output: { count: 5 }, input: { count: 0 }, version: 1 })
    expect(run.body.steps.map(({ key, status }: Record<string, string>) => `${key} ${status}`)).toEqual([
      'start completed',
      ...[0, 1, 2, 3, 4].map((i) => `n${i} completed`),
    ])
    const read = await send('get', run.headers.location ?? '')
    expect(read.body).toEqual(run.body)
    expect(read.headers.etag).toBe(run.headers.etag)
  })

  it('answers 202 without Prefer, and the same run for the same Idempotency-Key', async () => {
    const id = await publish(chain(1))
    const options = { body: { input: { count: 1 } }, headers: { 'Idempotency-Key': 'run-1' } }
    const first = await send('post', `/v1/workflows/${id}/executions`, options)
    const second = await send('post', `/v1/workflows/${id}/executions`, options)
    expect([first.status, second.status]).toEqual([202, 202])
    expect(second.body).toEqual(first.body)
    expect(second.headers['idempotency-replayed']).toBe('true')
    const list = await send('get', `/v1/executions?workflowId=${id}`)
    expect(list.body.items).toHaveLength(1)
    expect(list.body.items[0]).not.toHaveProperty('input')
    await send('post', `/v1/workflows/${id}/unpublish`)
    const third = await send('post', `/v1/workflows/${id}/executions`, options)
    expect([third.status, third.body]).toEqual([202, first.body])
    const other = await send('post', `/v1/workflows/${id}/executions`, {
      ...options,
      headers: { 'Idempotency-Key': 'run-2' },
    })
    expect([other.status, other.body.code]).toEqual([409, 'not_published'])
  })

  it('refuses to start what is not published, and versions that are not there', async () => {
    const { id } = (await send('post', '/v1/workflows', { body: chain(1) })).body
    const refused = await send('post', `/v1/workflows/${id}/executions`)
    expect([refused.status, refused.body.code]).toEqual([409, 'not_published'])
    await send('post', `/v1/workflows/${id}/versions`)
    await send('post', `/v1/workflows/${id}/versions/1/publish`)
    const missing = await send('post', `/v1/workflows/${id}/executions`, { body: { version: 9 } })
    expect([missing.status, missing.body.code]).toEqual([404, 'version_not_found'])
    const trigger = await send('post', `/v1/workflows/${id}/executions`, { body: { trigger: 'nope' } })
    expect(trigger.body).toMatchObject({ status: 422, errors: [{ pointer: '/trigger' }] })
  })

  it('waits for a signal, shows what is pending, and goes on', async () => {
    const id = await publish(approval)
    const started = await send('post', `/v1/workflows/${id}/executions`, { headers: { Prefer: 'wait=0' } })
    expect(started.status).toBe(202)
    expect(started.body.status).toBe('waiting')
    expect(started.body.steps.map(({ status }: { status: string }) => status)).toEqual([
      'completed',
      'waiting',
      'pending',
    ])
    expect((await send('get', started.headers.location ?? '')).body).toEqual(started.body)
    const path = `/v1/executions/${started.body.id}`
    const waiting = started.body.steps[1]
    const why = await send('get', `${path}/steps/${waiting.nodeId}/explanation`)
    expect(why.body).toMatchObject({
      key: 'wait',
      status: 'waiting',
      waitsFor: { wait: { kind: 'signal', name: 'approve' } },
    })
    expect(why.body.edges).toMatchObject([{ fromKey: 'start', status: 'taken' }])
    const waitingFor = async (name: string) => {
      const { body } = await send('get', `/v1/executions?workflowId=${id}&waitingFor=${name}`)
      return body.items.map((run: { id: string }) => run.id)
    }
    expect([await waitingFor('approve'), await waitingFor('deny')]).toEqual([[started.body.id], []])
    const impossible = await send('get', '/v1/executions?waitingFor=two+words')
    expect([impossible.status, impossible.body.errors]).toMatchObject([422, [{ pointer: '/waitingFor' }]])
    const done = await send('post', `${path}/signals/approve`, { body: { payload: { by: 'Ada' }, dedupeId: 'd1' } })
    expect(await waitingFor('approve')).toEqual([])
    expect(done.body).toMatchObject({ status: 'completed', output: 'Ada' })
    const late = await send('post', `${path}/signals/approve`, { body: { payload: { by: 'Bob' } } })
    expect([late.status, late.body.code]).toEqual([409, 'execution_ended'])
    const then = await send('get', `${path}?asOf=${started.body.revision}`)
    expect(then.body).toEqual(started.body)
  })

  it('refuses signals that no node could wait for', async () => {
    const id = await publish(approval)
    const { body } = await send('post', `/v1/workflows/${id}/executions`)
    for (const name of ['app%20rove', 'a'.repeat(129), 'gr%C3%BCn']) {
      const refused = await send('post', `/v1/executions/${body.id}/signals/${name}`)
      expect([refused.status, refused.body.code]).toEqual([422, 'invalid_signal_name'])
      expect(refused.body.errors).toMatchObject([{ pointer: '/name', code: 'invalid_signal_name' }])
    }
    expect((await send('post', `/v1/executions/${body.id}/signals/a.b:c_d-9`)).status).toBe(200)
  })

  it('resolves a held step, for a reason, with an output where it is completed', async () => {
    const id = await publish({
      name: 'Held',
      nodes: [
        { key: 'start', type: 'trigger.manual' },
        { key: 'bad', type: 'transform', config: { output: '{{ input.missing }}' }, policy: { onError: 'hold' } },
      ],
      edges: [{ sourceNodeId: 'start', targetNodeId: 'bad' }],
    })
    const { body } = await send('post', `/v1/workflows/${id}/executions`, { body: { input: {} } })
    expect(body.status).toBe('held')
    const resolve = (decision: object) =>
      send('post', `/v1/executions/${body.id}/steps/${body.steps[1].nodeId}/resolve`, { body: decision })
    for (const [decision, pointer] of [
      [{ action: 'skip', reason: 'x', output: 1 }, '/output'],
      [{ action: 'fail', reason: 'x', output: null }, '/output'],
      [{ action: 'skip', reason: ' \n ' }, '/reason'],
      [{ action: 'skip' }, '/reason'],
    ] as const) {
      const refused = await resolve(decision)
      expect([refused.status, refused.body.errors]).toMatchObject([422, [{ pointer }]])
    }
    const done = await resolve({ action: 'complete', output: 1, reason: 'looked up' })
    expect(done.body).toMatchObject({ status: 'completed', output: 1 })
  })

  it('pauses, resumes and cancels', async () => {
    const id = await publish(approval)
    const { body } = await send('post', `/v1/workflows/${id}/executions`)
    const path = `/v1/executions/${body.id}`
    expect((await send('post', `${path}/pause`, { body: { reason: 'lunch' } })).body.status).toBe('paused')
    expect((await send('post', `${path}/resume`)).body.status).toBe('waiting')
    const cancelled = await send('post', `${path}/cancel`)
    expect(cancelled.body.status).toBe('cancelled')
    const stale = await send('post', `${path}/retry`, { headers: { 'If-Match': '"0"' } })
    expect(stale.status).toBe(412)
    const again = await send('post', `${path}/retry`)
    expect([again.status, again.body.code]).toEqual([409, 'execution_not_failed'])
  })

  it('retries the failed nodes of a failed run', async () => {
    const id = await publish({
      name: 'Failing',
      nodes: [
        { key: 'start', type: 'trigger.manual' },
        { key: 'bad', type: 'fail', config: { code: 'broken', message: 'it is broken' } },
      ],
      edges: [{ sourceNodeId: 'start', targetNodeId: 'bad' }],
    })
    const failed = await send('post', `/v1/workflows/${id}/executions`, { headers: { Prefer: 'wait=5' } })
    expect(failed.status).toBe(200)
    expect(failed.body).toMatchObject({ status: 'failed', error: { code: 'broken' } })
    const retried = await send('post', `/v1/executions/${failed.body.id}/retry`, { body: { reason: 'again' } })
    expect(retried.body.status).toBe('failed')
    expect(retried.body.revision).toBeGreaterThan(failed.body.revision)
    const step = failed.body.steps[1].nodeId
    const refused = await send('post', `/v1/executions/${failed.body.id}/steps/${step}/resolve`, {
      body: { action: 'skip', reason: 'not needed' },
    })
    expect([refused.status, refused.body.code]).toEqual([409, 'execution_ended'])
  })

  it('starts a run in place of another one, and names that', async () => {
    const id = await publish(chain(1))
    const start = (body: object) =>
      send('post', `/v1/workflows/${id}/executions`, { body: { input: { count: 0 }, ...body } })
    const first = (await start({})).body
    expect(first.origin).toBeNull()
    const second = (await start({ origin: first.id })).body
    expect(second.origin).toEqual({ executionId: first.id })
    expect((await send('get', `/v1/executions/${second.id}`)).body.origin).toEqual({ executionId: first.id })
    expect((await send('get', `/v1/executions/${second.id}?asOf=0`)).body.origin).toEqual({ executionId: first.id })
    const other = await publish(chain(1))
    for (const origin of [
      other,
      (await send('post', `/v1/workflows/${other}/executions`, { body: { input: { count: 0 } } })).body.id,
    ]) {
      const refused = await start({ origin })
      expect([refused.status, refused.body.code, refused.body.errors]).toMatchObject([
        422,
        'origin_not_found',
        [{ pointer: '/origin' }],
      ])
    }
  })

  it('pages through the events of a run', async () => {
    const id = await publish(chain(3))
    const { body } = await send('post', `/v1/workflows/${id}/executions`, { body: { input: { count: 0 } } })
    const first = await send('get', `/v1/executions/${body.id}/events?limit=2`)
    const second = await send('get', `/v1/executions/${body.id}/events?cursor=${first.body.nextCursor}`)
    const types = [...first.body.items, ...second.body.items].map(({ type }: { type: string }) => type)
    expect(types).toEqual(['ExecutionStarted', 'NodeCompleted', 'NodeCompleted', 'NodeCompleted', 'ExecutionCompleted'])
    const wrong = await send('get', `/v1/executions/${body.id}/events?cursor=bogus`)
    expect([wrong.status, wrong.body.code]).toEqual([422, 'invalid_cursor'])
  })
})

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Client, createClient } from '../../support/http/client.js'
import { startWorld, type World } from '../../support/http/world.js'

let world: World
let send: Client

beforeAll(async () => {
  world = await startWorld({
    startWebhook: async (context, call) => {
      if (call.path !== 'orders/new') return undefined
      if (call.method !== 'POST') return { methods: ['POST', 'PATCH'] }
      const { workflow: workflowId } = call.query
      if (typeof workflowId !== 'string') throw new Error('the test names a workflow')
      const input = JSON.parse(JSON.stringify(call))
      return { execution: await world.dependencies.executions.start(context, { workflowId, input }), respond: 'result' }
    },
  })
  send = createClient(world)
})
afterAll(() => world.stop())

describe('secrets over HTTP', () => {
  it('keeps a value that no answer ever shows', async () => {
    const { id } = (await send('post', '/v1/workflows', { body: { name: 'Secrets' } })).body
    const canary = 'canary-5c1f'
    const set = await send('put', `/v1/workflows/${id}/secrets/TOKEN`, { body: { value: canary } })
    expect(set.status).toBe(204)
    await send('put', `/v1/workflows/${id}/secrets/TOKEN`, { body: { value: `${canary}-2` } })
    const list = await send('get', `/v1/workflows/${id}/secrets`)
    expect(list.body.items).toMatchObject([{ key: 'TOKEN', version: 2 }])
    expect(list.text + JSON.stringify(world.log.events, (_, v) => (typeof v === 'bigint' ? `${v}` : v))).not.toContain(
      canary,
    )
    const wrong = await send('put', `/v1/workflows/${id}/secrets/bad-key`, { body: { value: canary } })
    expect([wrong.status, wrong.body.code, wrong.body.errors[0].pointer]).toEqual([422, 'invalid_secret_key', '/key'])
    expect((await send('delete', `/v1/workflows/${id}/secrets/TOKEN`)).status).toBe(204)
    expect((await send('delete', `/v1/workflows/${id}/secrets/TOKEN`)).body.code).toBe('secret_not_found')
  })
})

/** A published workflow `start -> work`, for hooks that name it by `?workflow=`. */
const published = async (type: string, config: object): Promise<string> => {
  const body = {
    name: 'Hooked',
    nodes: [
      { key: 'start', type: 'trigger.manual' },
      { key: 'work', type, config },
    ],
    edges: [{ sourceNodeId: 'start', targetNodeId: 'work' }],
  }
  const { id } = (await send('post', '/v1/workflows', { body })).body
  await send('post', `/v1/workflows/${id}/versions`)
  expect((await send('post', `/v1/workflows/${id}/versions/1/publish`)).status).toBe(200)
  return id
}

describe('hooks', () => {
  it('refuse a form that holds what JSON may not hold', async () => {
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' }
    const { status, body } = await send('post', '/hooks/orders/new', { raw: 'a=%00&__proto__=1', headers, key: null })
    expect([status, body.errors.map(({ pointer }: { pointer: string }) => pointer)]).toEqual([
      422,
      ['/a', '/__proto__'],
    ])
  })

  it('start a run with what was sent, without credentials, and answer its result', async () => {
    const id = await published('transform', { output: '{{ input }}' })
    const headers = { Authorization: 'Bearer other', Cookie: 'a=b', 'X-Event': 'made' }
    const json = await send('post', `/hooks/orders/new?workflow=${id}`, { body: { total: 5 }, headers, key: null })
    expect(json.status).toBe(200)
    expect(json.body).toMatchObject({
      status: 'completed',
      output: { path: 'orders/new', method: 'POST', body: { total: 5 } },
    })
    expect(json.body.output.headers).toMatchObject({ 'x-event': 'made' })
    expect(Object.keys(json.body.output.headers)).not.toEqual(expect.arrayContaining(['authorization']))
    expect(json.text).not.toContain('a=b')
    const form = { raw: 'a=1&b=x+y', headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, key: null }
    expect((await send('post', `/hooks/orders/new?workflow=${id}`, form)).body.output.body).toEqual({
      a: '1',
      b: 'x y',
    })
    const text = { raw: 'hello', headers: { 'Content-Type': 'text/plain' }, key: null }
    expect((await send('post', `/hooks/orders/new?workflow=${id}`, text)).body.output.body).toBe('hello')
    const put = await send('put', '/hooks/orders/new', { body: {}, key: null })
    expect([put.status, put.body.code, put.headers.allow]).toEqual([405, 'method_not_allowed', 'POST, PATCH'])
    expect(put.body.detail).toBe('What listens there takes POST, PATCH, not PUT.')
    expect((await send('put', '/hooks/orders/old', { body: {}, key: null })).body.code).toBe('hook_not_found')
  })

  it('give a parameter, or a field of a form, that comes several times as a list', async () => {
    const id = await published('transform', { output: '{{ input }}' })
    const form = { raw: 'b=1&c=2&b=', headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, key: null }
    const { status, body } = await send('post', `/hooks/orders/new?workflow=${id}&a=1&a=2&a=1`, form)
    expect(status).toBe(200)
    expect(body.output).toMatchObject({ query: { workflow: id, a: ['1', '2', '1'] }, body: { b: ['1', ''], c: '2' } })
    const refused = await send('post', `/hooks/orders/new?workflow=${id}&a=1&a=%00`, { key: null })
    expect([refused.status, refused.body.errors]).toMatchObject([422, [{ pointer: '/a/1', code: 'invalid_text' }]])
    const elsewhere = await send('get', '/v1/workflows?limit=1&limit=2')
    expect([elsewhere.status, elsewhere.body.errors]).toMatchObject([422, [{ pointer: '/limit', code: 'repeated' }]])
  })

  it('answer 500 with the error where a run whose result is asked for did not complete, also when repeated', async () => {
    const id = await published('fail', { code: 'order_rejected', message: 'no' })
    const headers = { 'Idempotency-Key': 'order-1' }
    const hook = () => send('post', `/hooks/orders/new?workflow=${id}`, { body: {}, headers, key: null })
    const failed = await hook()
    expect(failed.status).toBe(500)
    expect(failed.headers['content-type']).toContain('application/json')
    expect(failed.body).toMatchObject({ status: 'failed', output: null, error: { code: 'order_rejected' } })
    const again = await hook()
    expect([again.status, again.headers['idempotency-replayed']]).toEqual([500, 'true'])
    expect(again.body).toEqual(failed.body)
  })

  it('answer 500 too where the run was cancelled while the caller waited', async () => {
    const id = await published('signal', { name: 'never' })
    const waiting = send('post', `/hooks/orders/new?workflow=${id}`, { body: {}, key: null })
    const executionId = await vi.waitFor(async () => {
      const { items } = (await send('get', `/v1/executions?workflowId=${id}`)).body
      expect(items).toHaveLength(1)
      return items[0].id
    })
    await send('post', `/v1/executions/${executionId}/cancel`)
    const cancelled = await waiting
    expect([cancelled.status, cancelled.body.status, cancelled.body.error]).toEqual([500, 'cancelled', null])
  })
})

describe('reads of projections over HTTP', () => {
  it('are counted, and not the watching of projections themselves', async () => {
    let reads = 0
    const read = () => {
      reads += 1
    }
    const counting = await startWorld({ readTraffic: { read } })
    const get = (path: string) => createClient(counting)('get', path)
    for (const path of ['/v1/workflows', '/v1/executions', '/v1/audit/events', '/v1/api-keys']) await get(path)
    expect(reads).toBe(4)
    for (const path of ['/v1/projections', '/v1/projections/workflows/rebuilds', '/readyz', '/metrics']) await get(path)
    expect(reads).toBe(4)
    await counting.stop()
  })
})

describe('projections over HTTP', () => {
  it('lists them and takes what operators ask for', async () => {
    const list = await send('get', '/v1/projections')
    expect(list.body.items.map(({ name }: { name: string }) => name)).toContain('workflows')
    expect((await send('get', '/v1/projections/workflows')).body).toMatchObject({ state: 'live', position: '12' })
    const path = '/v1/projections/workflows'
    expect((await send('get', `${path}/verification?streams=7`)).body).toMatchObject({ equal: true, sampledStreams: 7 })
    expect((await send('post', `${path}/rebuild`, { body: { dryRun: true } })).status).toBe(200)
    const asked = await send('post', `${path}/rebuild`)
    expect(asked.status).toBe(202)
    const rebuild = asked.headers.location ?? ''
    expect((await send('get', rebuild)).body).toEqual(asked.body)
    expect((await send('post', `${path}/rebuild`)).body.code).toBe('rebuild_in_progress')
    expect((await send('post', `${rebuild}/pause`)).body.state).toBe('paused')
    expect((await send('post', `${rebuild}/cancel`)).body.code).toBe('rebuild_not_running')
    expect((await send('post', `${rebuild}/resume`)).body.state).toBe('preparing')
    expect((await send('get', `${path}/rebuilds`)).body.items).toHaveLength(1)
    expect((await send('post', `${path}/rollback`)).body.code).toBe('nothing_to_roll_back')
    expect((await send('get', `${path}/dead-letters`)).body.items).toEqual([])
    const settled = await send('post', `${path}/dead-letters/12/retry`, { body: { reason: 'fixed' } })
    expect([settled.status, settled.body.code]).toEqual([404, 'dead_letter_not_found'])
  })
})

describe('the service', () => {
  it('is alive and ready, and says why when it is not', async () => {
    expect((await send('get', '/healthz', { key: null })).body).toEqual({ status: 'ok' })
    expect((await send('get', '/readyz', { key: null })).body).toEqual({
      ready: true,
      checks: [{ name: 'log', ready: true }],
    })
    const unready = await startWorld({ readiness: async () => [{ name: 'workflows', ready: false, detail: 'behind' }] })
    const response = await createClient(unready)('get', '/readyz', { key: null })
    expect([response.status, response.body.ready]).toEqual([503, false])
    await unready.stop()
  })

  it('counts requests by route in its metrics, for holders of a key', async () => {
    await send('get', '/v1/workflows')
    const { text } = await send('get', '/metrics')
    expect(text).toMatch(/http_request_duration_seconds_count\{method="GET",route="\/v1\/workflows",status="200"\} \d+/)
    expect(text).toContain('projection_lag_events{projection="workflows"} 0')
    expect(text).toContain('projection_ready{projection="activity"} 1')
    expect(text).toContain('projection_position{projection="activity"} 12')
    expect(text).toContain('projection_head{projection="activity"} 12')
    expect(text).toContain('projection_generation{projection="activity"} 1')
    expect(text).toContain('projection_state{projection="activity",state="live"} 1')
    expect((await send('get', '/metrics', { key: null })).status).toBe(401)
  })

  it('shows Swagger UI from its own files under a policy that allows no other host', async () => {
    const page = await send('get', '/docs/', { key: null })
    expect(page.text).toContain('swagger-ui-bundle.js')
    expect(page.headers['content-security-policy']).toBe(
      "default-src 'none';script-src 'self';style-src 'self' 'unsafe-inline';img-src 'self' data:;connect-src 'self';frame-ancestors 'none'",
    )
    expect(page.text).not.toMatch(/(?:src|href)=["'](?:https?:)?\/\//)
    expect(page.text).not.toMatch(/<script>/)
    const init = await send('get', '/docs/swagger-ui-init.js', { key: null })
    expect(init.text).toContain('"url": "/openapi.json"')
    expect((await send('get', '/docs/swagger-ui.css', { key: null })).status).toBe(200)
    expect((await send('get', '/docs/package.json', { key: null })).status).toBe(404)
    expect((await send('get', '/openapi.json', { key: null })).body.openapi).toBe('3.1.1')
    const root = await send('get', '/', { key: null })
    expect([root.status, root.headers.location]).toEqual([302, '/docs'])
  })
})

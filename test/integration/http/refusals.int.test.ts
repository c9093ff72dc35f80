import { createServer, request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { refuseFull } from '../../../src/commands/executions/concurrency.js'
import { FlowledgerError } from '../../../src/domain/errors.js'
import { LogUnavailable } from '../../../src/eventlog/eventStore.js'
import { type Client, createClient, type RequestOptions } from '../../support/http/client.js'
import { startWorld, type World } from '../../support/http/world.js'

let world: World
let send: Client
let workflowId: string

beforeAll(async () => {
  world = await startWorld()
  send = createClient(world)
  workflowId = (await send('post', '/v1/workflows', { body: { name: 'Refusals' } })).body.id
})
afterAll(() => world.stop())

const unknownId = '00000000-0000-4000-8000-000000000000'
const nodes = (): string => `/v1/workflows/${workflowId}/nodes`
const deep = (levels: number): string => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`
const node = (config: string): string => `{"key":"a","type":"noop","config":${config}}`

const refusals: [name: string, status: number, code: string, pointer: string | undefined, options: RequestOptions][] = [
  ['malformed JSON', 400, 'malformed_json', undefined, { raw: '{"key": ' }],
  ['a byte order mark', 400, 'malformed_json', undefined, { raw: '\ufeff{}' }],
  ['bytes that are not UTF-8', 400, 'malformed_json', undefined, { raw: Buffer.from([0x22, 0xff, 0x22]) }],
  ['a missing body', 400, 'malformed_json', undefined, {}],
  [
    'another media type',
    415,
    'unsupported_media_type',
    undefined,
    { raw: '{}', headers: { 'Content-Type': 'text/plain' } },
  ],
  [
    'a compressed body',
    415,
    'unsupported_media_type',
    undefined,
    { raw: '{}', headers: { 'Content-Encoding': 'gzip' } },
  ],
  ['a body over 1 MiB', 413, 'body_too_large', undefined, { raw: `"${'x'.repeat(1024 * 1024)}"` }],
  ['a missing field', 422, 'invalid_body', '/key', { body: { type: 'noop' } }],
  [
    'a wrong type',
    422,
    'invalid_body',
    '/position/x',
    { body: { key: 'a', type: 'noop', position: { x: 'left', y: 0 } } },
  ],
  ['an unknown field', 422, 'invalid_body', '/colour', { body: { key: 'a', type: 'noop', colour: 'red' } }],
  ['a key that reaches for the prototype', 422, 'invalid_body', '/config/__proto__', { raw: node('{"__proto__":{}}') }],
  ['the same, escaped', 422, 'invalid_body', '/config/__proto__', { raw: node('{"\\u005f_proto__":{}}') }],
  [
    'a constructor key deep inside',
    422,
    'invalid_body',
    '/config/a/0/constructor',
    { raw: node('{"a":[{"constructor":1}]}') },
  ],
  ['JSON without end of depth', 422, 'invalid_body', `/config${'/a'.repeat(63)}`, { raw: node(deep(5_000)) }],
  ['half of a surrogate pair', 422, 'invalid_body', '/config/a', { raw: node('{"a":"\\ud800"}') }],
  ['the character U+0000', 422, 'invalid_body', '/config/a', { raw: node('{"a":"\\u0000"}') }],
  ['a number beyond a double', 422, 'invalid_body', '/config/a', { raw: node('{"a":1e400}') }],
  [
    'an ETag that is none',
    400,
    'invalid_if_match',
    undefined,
    { body: { key: 'a', type: 'noop' }, headers: { 'If-Match': 'W/"1"' } },
  ],
  [
    'a stale ETag',
    412,
    'revision_mismatch',
    undefined,
    { body: { key: 'a', type: 'noop' }, headers: { 'If-Match': '"7"' } },
  ],
  [
    'an idempotency key that is none',
    400,
    'invalid_idempotency_key',
    undefined,
    { body: { key: 'a', type: 'noop' }, headers: { 'Idempotency-Key': 'a b' } },
  ],
  ['no key', 401, 'unauthenticated', undefined, { body: { key: 'a', type: 'noop' }, key: null }],
  [
    'a wrong key',
    401,
    'unauthenticated',
    undefined,
    { body: { key: 'a', type: 'noop' }, key: `fl_${'0'.repeat(32)}_${'x'.repeat(43)}` },
  ],
  ['a node id that is taken', 409, 'duplicate_key', undefined, { body: { key: 'taken', type: 'noop' } }],
]

describe('bad input', () => {
  it.each(refusals)('%s is answered %i %s, and nothing is written', async (_, status, code, pointer, options) => {
    if (code === 'duplicate_key') await send('post', nodes(), { body: { key: 'taken', type: 'noop' } })
    const before = world.log.events.length
    const response = await send('post', nodes(), options)
    expect([response.status, response.body.code]).toEqual([status, code])
    expect(response.headers['content-type']).toMatch(/^application\/problem\+json/)
    expect(response.body).toMatchObject({ type: `urn:flowledger:problem:${code}`, status, instance: nodes() })
    expect(response.body.traceId).toMatch(/^[0-9a-f]{32}$/)
    if (pointer !== undefined)
      expect(response.body.errors.map((e: { pointer: string }) => e.pointer)).toContain(pointer)
    expect(world.log.events).toHaveLength(before)
  })

  it('lists all that is wrong at once', async () => {
    const { body } = await send('post', nodes(), { body: { key: '1 x', position: { x: 0.5 }, more: 1 } })
    expect(body.errors.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual(
      ['/key', '/more', '/position/x', '/position/y', '/type'].sort(),
    )
  })

  it('answers what is not there with 404', async () => {
    for (const [path, code] of [
      ['/v1/nothing', 'route_not_found'],
      ['/v1/workflows/not-a-uuid', 'not_found'],
      [`/v1/workflows/${unknownId}`, 'workflow_not_found'],
      [`/v1/workflows/${unknownId}/versions`, 'workflow_not_found'],
      [`/v1/workflows/${unknownId}/secrets`, 'workflow_not_found'],
      [`/v1/workflows/${unknownId}/history`, 'workflow_not_found'],
      [`/v1/workflows/${unknownId}/blame`, 'workflow_not_found'],
      [`/v1/workflows/${workflowId}/versions/3`, 'version_not_found'],
      [`/v1/workflows/${workflowId}/versions/1/diff/2`, 'version_not_found'],
      [`/v1/workflows/${workflowId}?asOf=99`, 'revision_not_found'],
      [`/v1/workflows/${workflowId}?asOf=2001-01-01T00:00:00Z`, 'workflow_not_found'],
      [`/v1/executions/${unknownId}`, 'execution_not_found'],
      ['/v1/projections/none', 'projection_not_found'],
      ['/hooks/nobody/listens', 'hook_not_found'],
    ] as const) {
      const response = await send('get', path)
      expect([path, response.status, response.body.code]).toEqual([path, 404, code])
    }
  })

  it('answers a wrong method with 405 and what is allowed', async () => {
    const response = await send('put', nodes(), { body: {} })
    expect([response.status, response.body.code]).toEqual([405, 'method_not_allowed'])
    expect(response.headers.allow).toBe('GET, HEAD, POST, OPTIONS')
    expect((await send('options', nodes())).headers.allow).toBe('GET, HEAD, POST, OPTIONS')
  })

  it('refuses queries it does not know, repeated ones and bad values', async () => {
    for (const [query, pointer] of [
      ['color=red', '/color'],
      ['limit=0', '/limit'],
      ['limit=201', '/limit'],
      ['limit=a', '/limit'],
      ['limit=1&limit=2', '/limit'],
      ['status=gone', '/status'],
      ['cursor=%00', '/cursor'],
      ['__proto__=1', '/__proto__'],
      ['q=%00', '/q'],
    ]) {
      const { status, body } = await send('get', `/v1/workflows?${query}`)
      expect([query, status, body.errors?.[0]?.pointer]).toEqual([query, 422, pointer])
    }
  })

  it('refuses moments that no calendar or no store knows', async () => {
    for (const [path, pointer] of [
      ['/v1/executions?startedAfter=0000-01-01T00:00:00Z', '/startedAfter'],
      ['/v1/executions?startedBefore=9999-12-31T23:59:59-14:00', '/startedBefore'],
      ['/v1/audit/events?from=0001-01-01T00:00:00%2B14:00', '/from'],
      [`/v1/workflows/${workflowId}?asOf=2027-02-30T00:00:00Z`, '/asOf'],
    ]) {
      const { status, body } = await send('get', path as string)
      expect([path, status, body.errors?.[0]?.pointer]).toEqual([path, 422, pointer])
    }
    const expiresAt = '9999-12-31T23:59:59-14:00'
    const issued = await send('post', '/v1/api-keys', { body: { name: 'late', scopes: ['workflows:read'], expiresAt } })
    expect([issued.status, issued.body.errors?.[0]?.pointer]).toEqual([422, '/expiresAt'])
  })

  it('knows a workflow by its id in capital letters too, to read and to change', async () => {
    const path = `/v1/workflows/${workflowId.toUpperCase()}`
    expect((await send('get', `${path}/validation`)).status).toBe(200)
    expect((await send('patch', path, { body: { description: 'capital' } })).body.id).toBe(workflowId)
  })

  it('answers 405 where the documents are read only', async () => {
    for (const path of ['/docs', '/openapi.json']) {
      const response = await send('post', path)
      expect([response.status, response.body.code, response.headers.allow]).toEqual([
        405,
        'method_not_allowed',
        'GET, HEAD',
      ])
    }
  })

  it('never quotes the body in what it says of malformed JSON', async () => {
    const raw = '{"value":"s3cr3t-canary" oops}'
    const { text } = await send('put', `/v1/workflows/${workflowId}/secrets/TOKEN`, { raw })
    expect(text).toContain('malformed_json')
    expect(text).not.toContain('canary')
    expect(text).not.toContain('oops')
  })
})

describe('scopes', () => {
  it('answers 403 before it says whether anything is there', async () => {
    const key = await world.keyWith('executions:read')
    for (const id of [workflowId, unknownId]) {
      const response = await send('patch', `/v1/workflows/${id}`, { body: { name: 'x' }, key })
      expect([response.status, response.body.code, response.body.scope]).toEqual([403, 'forbidden', 'workflows:write'])
    }
  })

  it('takes the key as a bearer token too', async () => {
    const options = { key: null, headers: { Authorization: `Bearer ${world.key}` } }
    expect((await send('get', `/v1/workflows/${workflowId}`, options)).status).toBe(200)
  })

  it('shuts a revoked key out', async () => {
    const issued = await send('post', '/v1/api-keys', { body: { name: 'short', scopes: ['workflows:read'] } })
    expect(issued.status).toBe(201)
    const { id, key } = issued.body
    expect((await send('get', '/v1/workflows', { key })).status).toBe(200)
    expect((await send('delete', `/v1/api-keys/${id}`)).status).toBe(204)
    const listed = await send('get', '/v1/api-keys?limit=200')
    expect(listed.text).not.toContain(key)
    expect(listed.body.items.find((item: { id: string }) => item.id === id).revokedAt).not.toBeNull()
    await expect.poll(async () => (await send('get', '/v1/workflows', { key })).status, { timeout: 2_000 }).toBe(401)
  })
})

describe('trouble inside', () => {
  it('answers an unknown error with a trace id and nothing else, and logs it', async () => {
    const logged: object[] = []
    const logger = {
      ...world.dependencies.logger,
      isLevelEnabled: () => false,
      error: (entry: object) => logged.push(entry),
    }
    const broken = await startWorld({
      logger: logger as never,
      workflows: { ...world.dependencies.workflows, create: () => Promise.reject(new Error('secret detail')) },
    })
    const { status, body } = await createClient(broken)('post', '/v1/workflows', { body: { name: 'x' } })
    await broken.stop()
    expect(status).toBe(500)
    expect(Object.keys(body).sort()).toEqual(['code', 'status', 'title', 'traceId', 'type'])
    expect(logged).toMatchObject([{ traceId: body.traceId, err: { message: 'secret detail' } }])
  })

  it('answers 503 with Retry-After while a store is away or a read model is behind', async () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED', syscall: 'connect' })
    const away = await startWorld({
      workflows: { ...world.dependencies.workflows, create: () => Promise.reject(new LogUnavailable('away')) },
      reads: {
        ...world.dependencies.reads,
        executions: { list: () => Promise.reject(refused), find: async () => undefined },
      },
      progress: { waitFor: async () => ({ reached: false, position: 3n }) },
    })
    const client = createClient(away)
    const log = await client('post', '/v1/workflows', { body: { name: 'x' } })
    expect([log.status, log.body.code, log.headers['retry-after']]).toEqual([503, 'log_unavailable', '1'])
    const store = await client('get', '/v1/executions')
    expect([store.status, store.body.code, store.headers['retry-after']]).toEqual([503, 'store_unavailable', '1'])
    const behind = await client('get', '/v1/workflows', { headers: { 'X-Consistency-Token': '12' } })
    expect(behind.body).toMatchObject({ status: 503, code: 'projection_behind', required: '12', reached: '3' })
    await away.stop()
  })

  it('answers 503 to a list by signal while the read model of open work is behind, and only to that', async () => {
    const behind = await startWorld({
      progress: { waitFor: async (name) => ({ reached: name !== 'work', position: 3n }) },
    })
    const client = createClient(behind)
    const headers = { 'X-Consistency-Token': '12' }
    const refused = await client('get', '/v1/executions?waitingFor=approve', { headers })
    expect(refused.body).toMatchObject({ status: 503, code: 'projection_behind', projection: 'work' })
    expect((await client('get', '/v1/executions', { headers })).status).toBe(200)
    await behind.stop()
  })

  it.each([
    [
      503,
      new FlowledgerError('unavailable', 'overloaded', 'Too much is waiting.', [], {
        reason: 'residentBytes',
        retryAfterSeconds: 2,
      }),
    ],
    [429, refuseFull(3)],
  ])('answers %i with Retry-After where there is no room for another run', async (status, refusal) => {
    const full = await startWorld({
      executions: { ...world.dependencies.executions, start: () => Promise.reject(refusal) },
      startWebhook: () => Promise.reject(refusal),
    })
    const client = createClient(full)
    for (const path of [`/v1/workflows/${workflowId}/executions`, '/hooks/orders']) {
      const refused = await client('post', path)
      expect([refused.status, refused.body.code]).toEqual([status, refusal.code])
      expect(refused.headers['retry-after']).toBe(String(refusal.details.retryAfterSeconds))
    }
    await full.stop()
  })

  it('refuses to resolve a step without a reason, or in a way that there is not', async () => {
    const path = `/v1/executions/${unknownId}/steps/${unknownId}/resolve`
    const pointers = async (body: object) =>
      (await send('post', path, { body })).body.errors.map(({ pointer }: { pointer: string }) => pointer)
    expect(await pointers({ action: 'retry' })).toEqual(['/reason'])
    expect(await pointers({ action: 'retry', reason: '' })).toEqual(['/reason'])
    expect(await pointers({ action: 'forget', reason: 'x' })).toEqual(['/action'])
  })

  it('limits the requests of a key, not those of others', async () => {
    const limited = await startWorld({ rateLimit: { limit: 3, windowMs: 60_000 } })
    const client = createClient(limited)
    const other = await limited.keyWith('workflows:read')
    const statuses: number[] = []
    for (let i = 0; i < 4; i++) statuses.push((await client('get', '/v1/workflows')).status)
    expect(statuses).toEqual([200, 200, 200, 429])
    const refused = await client('get', '/v1/workflows')
    expect(refused.body.code).toBe('rate_limited')
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
    expect(refused.headers['ratelimit-policy']).toContain('q=3; w=60')
    expect((await client('get', '/v1/workflows', { key: other })).status).toBe(200)
    await limited.stop()
  })

  it('stops reading a body that grows without end', async () => {
    const server = createServer(world.app)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const headers = { 'X-API-Key': world.key, 'Content-Type': 'application/json', 'Transfer-Encoding': 'chunked' }
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const request = httpRequest({ port, host: '127.0.0.1', method: 'POST', path: nodes(), headers }, (response) => {
        response.resume()
        resolve(response.statusCode)
      })
      request.on('error', reject)
      for (let i = 0; i < 20; i++) request.write('x'.repeat(64 * 1024))
    })
    expect(status).toBe(413)
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
})

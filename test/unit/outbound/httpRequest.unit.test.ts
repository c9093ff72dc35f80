import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { JsonObject } from '../../../src/domain/json.js'
import type { Attempt } from '../../../src/domain/nodes/behaviour.js'
import { createHttpRequest } from '../../../src/execution/nodeTypes/httpRequest.js'
import {
  createOutboundHttp,
  type OutboundHttp,
  type OutboundOptions,
} from '../../../src/execution/outbound/outboundHttp.js'
import { type LoopbackServer, startLoopbackServer } from './loopbackServer.js'

const answers: Readonly<Record<string, (response: import('node:http').ServerResponse, url: URL) => void>> = {
  '/json': (response) => response.setHeader('content-type', 'application/problem+json; charset=utf-8').end('{"a":[1]}'),
  '/text': (response) => response.setHeader('content-type', 'text/plain; charset=latin1').end(Buffer.from([0xfc])),
  '/binary': (response) => response.setHeader('content-type', 'image/png').end(Buffer.from([1, 2])),
  '/empty': (response) => response.writeHead(204).end(),
  '/cookies': (response) => response.setHeader('set-cookie', ['a=1', 'b=2']).end(),
  '/gzip': (response) =>
    response
      .writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
      .end(gzipSync('{"a":1}')),
  '/bomb': (response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(5_000_000))),
  '/bad-json': (response) => response.setHeader('content-type', 'application/json').end('{'),
  '/proto': (response) =>
    response.setHeader('content-type', 'application/json').end('{"__proto__":{"x":1},"a":{"\\u005f_proto__":1,"b":2}}'),
  '/deep': (response) =>
    response.setHeader('content-type', 'application/json').end(`${'['.repeat(500)}${']'.repeat(500)}`),
  '/large': (response) => response.end(Buffer.alloc(200_000)),
  '/long': (response) => response.setHeader('content-length', '200000').flushHeaders(),
  '/headers': (response) => {
    for (let index = 0; index < 150; index++) response.setHeader(`x-${index}`, 'v')
    response.end()
  },
  '/huge-headers': (response) => response.setHeader('x-huge', 'v'.repeat(100_000)).end(),
  '/error': (response) =>
    response.writeHead(503, { 'retry-after': '7', 'content-type': 'application/json' }).end('{"busy":true}'),
  '/slow': () => undefined,
  '/reset': (response) => response.socket?.destroy(),
  '/half': (response) => {
    response.writeHead(200, { 'content-length': '10' }).write('abc')
    setTimeout(() => response.socket?.destroy(), 20)
  },
  '/redirect': (response, url) =>
    response
      .writeHead(Number(url.searchParams.get('status') ?? 302), { location: url.searchParams.get('to') ?? '' })
      .end(),
  '/loop': (response) => response.writeHead(302, { location: '/loop' }).end(),
}

let server: LoopbackServer
let open: OutboundHttp
const clients: OutboundHttp[] = []
const client = (options: OutboundOptions): OutboundHttp => {
  const created = createOutboundHttp(options)
  clients.push(created)
  return created
}

beforeAll(async () => {
  server = await startLoopbackServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://loopback')
    const answer = answers[url.pathname]
    if (answer === undefined) response.end()
    else answer(response, url)
  })
  open = client({ allowPrivateNetworks: true, maxResponseBytes: 100_000 })
})
beforeEach(() => server.requests.splice(0))
afterAll(async () => {
  await Promise.all(clients.map((created) => created.close()))
  await server.close()
})

const send = (
  config: JsonObject,
  http = open,
  signal: AbortSignal = new AbortController().signal,
  more: Partial<Attempt> = {},
) => {
  const node = createHttpRequest(http)
  expect(node.configSchema.safeParse(config)).toMatchObject({ success: true })
  return node.run({
    config,
    input: null,
    executionId: 'e1',
    nodeKey: 'call',
    attempt: 2,
    idempotencyKey: 'e1:call:0',
    signal,
    ...more,
  })
}
const at = (path: string): string => `http://127.0.0.1:${server.port}${path}`
const failure = (code: string, sent?: string, details: JsonObject = {}) => ({
  name: 'NodeFailure',
  error: { class: 'http', code, details: { ...(sent === undefined ? {} : { sent }), ...details } },
})

describe('a response', () => {
  it.each([
    ['/json', { a: [1] }],
    ['/text', 'ü'],
    ['/binary', { base64: 'AQI=' }],
    ['/empty', null],
    ['/gzip', { a: 1 }],
    ['/proto', { a: { b: 2 } }],
  ])('%s is read by its type', async (path, body) => {
    const output = (await send({ url: at(path) })) as JsonObject
    expect(output).toMatchObject({ status: path === '/empty' ? 204 : 200, body })
    expect(JSON.stringify(output)).not.toContain('__proto__')
  })

  it('has its headers in lower case, several values joined', async () => {
    expect(await send({ url: at('/cookies') })).toMatchObject({ headers: { 'set-cookie': 'a=1, b=2' } })
  })

  it.each([
    ['/bad-json', 'http_invalid_body'],
    ['/deep', 'http_invalid_body'],
    ['/large', 'http_response_too_large'],
    ['/long', 'http_response_too_large'],
    ['/bomb', 'http_response_too_large'],
    ['/headers', 'http_response_too_large'],
    ['/huge-headers', 'http_response_too_large'],
  ])('%s fails with %s', async (path, code) => {
    await expect(send({ url: at(path) })).rejects.toMatchObject(failure(code, 'yes'))
  })

  it('that is no success fails with what it says, unless its status is wanted', async () => {
    const details = { status: 503, retryAfter: '7', body: '{"busy":true}' }
    await expect(send({ url: at('/error') })).rejects.toMatchObject(failure('http_status', 'yes', details))
    await expect(send({ url: at('/error'), successStatus: [200, 503] })).resolves.toMatchObject({ status: 503 })
    await expect(send({ url: at('/json'), successStatus: [204] })).rejects.toMatchObject(failure('http_status', 'yes'))
  })
})

describe('a request', () => {
  it('sends query, headers and JSON, with the key of its attempt', async () => {
    await send({
      method: 'POST',
      url: at('/x?a=1#part'),
      query: { b: 'ü &', c: [1, true], d: null },
      headers: { 'X-One': 1 },
      body: { a: 1 },
    })
    expect(server.requests).toMatchObject([
      {
        line: 'POST /x?a=1&b=%C3%BC%20%26&c=1&c=true',
        headers: { 'x-one': '1', 'content-type': 'application/json', 'idempotency-key': 'e1:call:0' },
        body: '{"a":1}',
      },
    ])
  })

  it('leaves a key, a content type and a text of the user as they are', async () => {
    await send({
      method: 'PUT',
      url: at('/x'),
      headers: { 'Idempotency-Key': 'mine', 'Content-Type': 'text/csv' },
      body: 'a;b',
    })
    expect(server.requests[0]).toMatchObject({
      headers: { 'idempotency-key': 'mine', 'content-type': 'text/csv' },
      body: 'a;b',
    })
  })

  it('goes on with the trace of its attempt, unless its config names one; without a trace it names none', async () => {
    const traceparent = `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`
    await send({ url: at('/x') }, open, undefined, { traceparent })
    await send({ url: at('/x'), headers: { Traceparent: 'mine' } }, open, undefined, { traceparent })
    await send({ url: at('/x') })
    expect(server.requests.map(({ headers }) => headers.traceparent)).toEqual([traceparent, 'mine', undefined])
  })

  it('is refused when its resolved config is not valid', async () => {
    for (const config of [
      { url: at('/'), timeoutMs: 'x' },
      { url: at('/'), headers: { a: { b: 1 } } },
      { url: at('/'), method: 'TRACE' },
    ]) {
      const running = createHttpRequest(open).run({
        config,
        input: null,
        executionId: 'e',
        nodeKey: 'n',
        attempt: 1,
        idempotencyKey: 'k',
        signal: new AbortController().signal,
      })
      await expect(running).rejects.toMatchObject({ error: { class: 'config', code: 'invalid_config' } })
    }
    await expect(send({ url: at('/'), headers: { a: 'line\r\nbreak' } })).rejects.toMatchObject(
      failure('http_invalid_request', 'no'),
    )
    expect(server.requests).toEqual([])
  })

  it.each(['Host', 'content-length', 'Transfer-Encoding', 'a b'])('may not set the header %s', (name) => {
    expect(createHttpRequest(open).configSchema.safeParse({ url: 'http://a', headers: { [name]: 'x' } }).success).toBe(
      false,
    )
  })

  it.each<[JsonObject, 'retry' | 'hold']>([
    [{ url: 'u' }, 'retry'],
    [{ url: 'u', method: 'PUT' }, 'retry'],
    [{ url: 'u', method: 'DELETE' }, 'retry'],
    [{ url: 'u', method: 'POST' }, 'hold'],
    [{ url: 'u', method: 'PATCH' }, 'hold'],
    [{ url: 'u', method: '{{ input.m }}' }, 'hold'],
    [{ url: 'u', method: 'POST', headers: { 'idempotency-KEY': 'k' } }, 'retry'],
  ])('with %j that is in doubt is for %s', (config, action) => {
    expect(createHttpRequest(open).inDoubt(config)).toBe(action)
  })
})

describe('a failure on the way', () => {
  it('says that nothing was sent when there is no connection', async () => {
    const unused = createServer()
    await new Promise<void>((resolve) => unused.listen(0, '127.0.0.1', resolve))
    const { port } = unused.address() as AddressInfo
    await new Promise((resolve) => unused.close(resolve))
    await expect(send({ url: `http://127.0.0.1:${port}/` })).rejects.toMatchObject(
      failure('http_connection', 'no', { code: 'ECONNREFUSED' }),
    )
  })

  it('says that nothing was sent when the name leads nowhere', async () => {
    const lost = client({ resolve: () => Promise.reject(Object.assign(new Error('not found'), { code: 'ENOTFOUND' })) })
    await expect(send({ url: 'http://nowhere.example/' }, lost)).rejects.toMatchObject(
      failure('http_connection', 'no', { code: 'ENOTFOUND' }),
    )
  })

  it.each(['/reset', '/half'])('says that it may have been sent when the connection breaks at %s', async (path) => {
    const sent = path === '/half' ? 'yes' : 'maybe'
    await expect(send({ method: 'POST', url: at(path), body: 1 })).rejects.toMatchObject(
      failure('http_connection', sent),
    )
  })

  it('ends at its time, having perhaps been sent', async () => {
    await expect(send({ url: at('/slow'), timeoutMs: 50 })).rejects.toMatchObject(failure('http_timeout', 'maybe'))
  })

  it('ends when its attempt is aborted, by a timeout or otherwise', async () => {
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 50)
    await expect(send({ url: at('/slow') }, open, controller.signal)).rejects.toMatchObject(
      failure('http_aborted', 'maybe'),
    )
    await expect(send({ url: at('/slow') }, open, AbortSignal.timeout(50))).rejects.toMatchObject(
      failure('http_timeout', 'maybe'),
    )
  })
})

describe('the guard', () => {
  const resolveTo =
    (...addresses: string[]) =>
    () =>
      Promise.resolve(
        addresses.map((address) => ({ address, family: address.includes(':') ? (6 as const) : (4 as const) })),
      )

  it.each([['127.0.0.1'], ['10.0.0.1'], ['::1'], ['::ffff:127.0.0.1'], ['169.254.169.254'], ['1.1.1.1', '127.0.0.1']])(
    'refuses a name that leads to %s',
    async (...addresses) => {
      const guarded = client({ resolve: resolveTo(...addresses) })
      await expect(send({ url: `http://public.example:${server.port}/` }, guarded)).rejects.toMatchObject(
        failure('http_blocked_address', 'no'),
      )
      expect(server.requests).toEqual([])
    },
  )

  it('refuses a literal address', async () => {
    await expect(send({ url: at('/') }, client({}))).rejects.toMatchObject(failure('http_blocked_address', 'no'))
    expect(server.requests).toEqual([])
  })

  it('checks every redirect, by literal address and by name', async () => {
    const names: Readonly<Record<string, string>> = { 'first.example': '127.0.0.1', 'inner.example': '10.0.0.1' }
    const guarded = client({
      isAllowed: (address) => address === '127.0.0.1',
      resolve: (name) => resolveTo(names[name] ?? '10.0.0.9')(),
    })
    for (const to of ['http://10.0.0.1/', 'http://[::1]/', 'http://inner.example/', 'http://0x0a000001/']) {
      const url = `http://first.example:${server.port}/redirect?to=${encodeURIComponent(to)}`
      await expect(send({ url }, guarded)).rejects.toMatchObject(failure('http_blocked_address', 'yes'))
    }
    await expect(send({ url: `http://first.example:${server.port}/json` }, guarded)).resolves.toMatchObject({
      status: 200,
    })
  })
})

describe('a redirect', () => {
  it.each([
    ['302', 'POST', 'GET /json', ''],
    ['303', 'PUT', 'GET /json', ''],
    ['307', 'POST', 'POST /json', '{"a":1}'],
    ['308', 'PUT', 'PUT /json', '{"a":1}'],
  ])('with %s after %s is followed as %s', async (status, method, line, body) => {
    await send({ method, url: at(`/redirect?status=${status}&to=/json`), body: { a: 1 } })
    expect(server.requests.slice(1)).toMatchObject([{ line, body }])
  })

  it('takes no credentials to another origin', async () => {
    const other = await startLoopbackServer((_, response) => response.end())
    try {
      const url = at(`/redirect?to=${encodeURIComponent(`http://127.0.0.1:${other.port}/`)}`)
      await send({
        url,
        headers: { authorization: 'secret', cookie: 'a=1', 'x-api-key': 'secret', accept: 'text/plain' },
      })
      expect(server.requests[0]?.headers).toMatchObject({ authorization: 'secret', 'x-api-key': 'secret' })
      expect(JSON.stringify(other.requests)).not.toMatch(/secret|a=1/)
      expect(other.requests[0]?.headers).toMatchObject({ accept: 'text/plain' })
    } finally {
      await other.close()
    }
  })

  it('is followed five times and no more', async () => {
    await expect(send({ url: at('/loop') })).rejects.toMatchObject(failure('http_redirects', 'yes'))
    expect(server.requests).toHaveLength(6)
  })

  it('without an address is a response like any other', async () => {
    await expect(send({ url: at('/redirect?status=304') })).rejects.toMatchObject(
      failure('http_status', 'yes', { status: 304 }),
    )
  })

  it('to something else than HTTP is refused', async () => {
    await expect(send({ url: at('/redirect?to=file:///etc/passwd') })).rejects.toMatchObject(
      failure('http_invalid_request', 'yes'),
    )
  })
})

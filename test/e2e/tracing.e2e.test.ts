import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newDirectory, type Program, removeDirectory, startProgram } from '../support/program.js'

interface OtlpSpan {
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  startTimeUnixNano: string
  endTimeUnixNano: string
  status: { code: number; message?: string }
  attributes: { key: string; value: { stringValue?: string; intValue?: number } }[]
}
interface OtlpRequest {
  resourceSpans: {
    resource: { attributes: { key: string; value: { stringValue?: string } }[] }
    scopeSpans: { spans: OtlpSpan[] }[]
  }[]
}

const listen = async (answer: (request: IncomingMessage, body: string) => void) => {
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      answer(request, body)
      response.setHeader('content-type', 'application/json').end('{}')
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server }
}

/** A chain of two: a request to `target`, then a transform. */
const publish = async (program: Program, target: string): Promise<string> => {
  const created = await program.call<{ id: string }>('POST', '/v1/workflows', {
    name: 'traced',
    nodes: [
      { key: 'start', type: 'trigger.manual' },
      { key: 'ask', type: 'http.request', config: { url: target } },
      { key: 'after', type: 'transform', config: { output: {} } },
    ],
    edges: [
      { sourceNodeId: 'start', targetNodeId: 'ask' },
      { sourceNodeId: 'ask', targetNodeId: 'after' },
    ],
  })
  const { id } = created.body
  await program.call('POST', `/v1/workflows/${id}/versions`, {})
  const published = await program.call('POST', `/v1/workflows/${id}/versions/1/publish`, {})
  expect(published.status).toBe(200)
  return id
}

/** Of a caller that does not record it. */
const unrecorded = 'ef'.repeat(16)
const caller = { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8) }

describe('traces', () => {
  const directory = newDirectory()
  const received: OtlpRequest[] = []
  const paths = new Set<string | undefined>()
  const keys = new Set<unknown>()
  let passedOn: string | undefined
  let program: Program
  const closing: (() => unknown)[] = []

  beforeAll(async () => {
    const collector = await listen((request, body) => {
      paths.add(request.url)
      keys.add(request.headers['x-tenant'])
      received.push(JSON.parse(body))
    })
    const target = await listen((request) => {
      passedOn = String(request.headers.traceparent)
    })
    closing.push(
      () => collector.server.close(),
      () => target.server.close(),
    )
    program = await startProgram({
      DATA_DIR: directory,
      API_KEY: 'a-key-that-an-operator-chose',
      ALLOW_PRIVATE_NETWORKS: 'true',
      OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.url}/`,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=ours',
      OTEL_SERVICE_NAME: 'ledger-of-ours',
    })
    const id = await publish(program, target.url)
    const run = await program.call<{ status: string }>(
      'POST',
      `/v1/workflows/${id}/executions`,
      { input: {} },
      {
        prefer: 'wait=20',
        traceparent: `00-${caller.traceId}-${caller.spanId}-01`,
      },
    )
    expect(run.body.status).toBe('completed')
    await program.call('GET', '/v1/workflows/none')
    await program.call('GET', '/v1/workflows', undefined, { traceparent: `00-${unrecorded}-${caller.spanId}-00` })
    // What has gathered is sent before the program ends.
    expect(await program.stop()).toBe(0)
  }, 60_000)
  afterAll(async () => {
    await program.kill()
    for (const close of closing) close()
    removeDirectory(directory)
  })

  const spans = () =>
    received.flatMap(({ resourceSpans }) =>
      resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((s) => s.spans)),
    )
  const ofCaller = () => spans().filter(({ traceId }) => traceId === caller.traceId)
  const one = (name: string): OtlpSpan => {
    const [span, ...more] = ofCaller().filter((candidate) => candidate.name === name)
    if (span === undefined || more.length > 0)
      throw new Error(
        `${name} among ${ofCaller()
          .map((s) => s.name)
          .join(', ')}`,
      )
    return span
  }

  it('go to the receiver as its own variables say', () => {
    expect([...paths]).toEqual(['/v1/traces'])
    expect([...keys]).toEqual(['ours'])
    const resource = received[0]?.resourceSpans[0]?.resource.attributes ?? []
    expect(Object.fromEntries(resource.map(({ key, value }) => [key, value.stringValue]))).toMatchObject({
      'service.name': 'ledger-of-ours',
    })
  })

  it('lead from the caller over the request and the run to each node', () => {
    const request = one('POST /v1/workflows/{id}/executions')
    const run = one('run')
    expect(request.parentSpanId).toBe(caller.spanId)
    expect(run.parentSpanId).toBe(request.spanId)
    for (const name of ['http.request ask', 'transform after']) expect(one(name).parentSpanId).toBe(run.spanId)
    expect(ofCaller()).toHaveLength(4)
    for (const { startTimeUnixNano, endTimeUnixNano } of ofCaller())
      expect(BigInt(endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(startTimeUnixNano))
  })

  it('are none of what the caller does not record', () => {
    expect(spans().filter(({ traceId }) => traceId === unrecorded)).toEqual([])
  })

  it('go on with what a node calls', () => {
    expect(passedOn).toBe(`00-${caller.traceId}-${one('http.request ask').spanId}-01`)
  })

  it('give each request without a caller`s trace one of its own', () => {
    const others = spans().filter(({ traceId }) => traceId !== caller.traceId)
    expect(others.map(({ name }) => name)).toContain('POST /v1/workflows')
    expect(new Set(others.map(({ traceId }) => traceId)).size).toBe(others.length)
    expect(others.some(({ name }) => name.includes('readyz'))).toBe(false)
  })
})

describe('a receiver that is not there', () => {
  it('costs the traces and nothing else, and is told of', async () => {
    const directory = newDirectory()
    const program = await startProgram({
      DATA_DIR: directory,
      API_KEY: 'a-key-that-an-operator-chose',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
    })
    try {
      expect((await program.call('POST', '/v1/workflows', { name: 'untraced' })).status).toBe(201)
      expect(await program.stop()).toBe(0)
      expect(program.output()).toContain('spans could not be delivered')
    } finally {
      await program.kill()
      removeDirectory(directory)
    }
  }, 60_000)
})

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type HttpServer, startHttpServer } from '../../../src/http/startHttpServer.js'
import { type Client, createClient } from '../../support/http/client.js'
import { type ReceivedEvent, readEventStream } from '../../support/http/readEventStream.js'
import { startWorld, type World } from '../../support/http/world.js'

let world: World
let send: Client
let server: HttpServer
let workflowId: string

beforeAll(async () => {
  world = await startWorld()
  send = createClient(world)
  server = await startHttpServer(world.app, { host: '127.0.0.1', port: 0 })
  const created = await send('post', '/v1/workflows', {
    body: {
      name: 'Approval',
      nodes: [
        { key: 'start', type: 'trigger.manual' },
        { key: 'wait', type: 'signal', config: { name: 'approve' } },
      ],
      edges: [{ sourceNodeId: 'start', targetNodeId: 'wait' }],
    },
  })
  workflowId = created.body.id
  await send('post', `/v1/workflows/${workflowId}/versions`)
  await send('post', `/v1/workflows/${workflowId}/versions/1/publish`)
})
afterAll(async () => {
  await server.stop()
  await world.stop()
})

const start = async (): Promise<string> => (await send('post', `/v1/workflows/${workflowId}/executions`)).body.id
const streamOf = (id: string, headers: Record<string, string> = {}, signal?: AbortSignal) =>
  readEventStream(`${server.url}/v1/executions/${id}/events`, { 'X-API-Key': world.key, ...headers }, signal)
const typesOf = (events: readonly ReceivedEvent[]): string[] => events.map(({ event }) => event)

describe('the live stream of a run', () => {
  it('sends what was, then what comes, and ends with the run', async () => {
    const id = await start()
    const received: ReceivedEvent[] = []
    for await (const event of streamOf(id)) {
      received.push(event)
      if (event.event === 'NodeScheduled') await send('post', `/v1/executions/${id}/signals/approve`)
    }
    expect(typesOf(received).at(-1)).toBe('ExecutionCompleted')
    expect(received.map(({ data }) => data.revision)).toEqual(received.map((_, index) => index))
    expect(received.every(({ id: position, data }) => position === data.position)).toBe(true)
  })

  it('resumes after Last-Event-ID without a gap or a repetition', async () => {
    const id = await start()
    const leave = new AbortController()
    let last = ''
    for await (const event of streamOf(id, {}, leave.signal)) {
      last = event.id
      break
    }
    leave.abort()
    await send('post', `/v1/executions/${id}/signals/approve`)
    const rest: ReceivedEvent[] = []
    for await (const event of streamOf(id, { 'Last-Event-ID': last })) rest.push(event)
    expect(rest[0]?.data.revision).toBe(1)
    expect(rest.at(-1)?.event).toBe('ExecutionCompleted')
    const done = await fetch(`${server.url}/v1/executions/${id}/events`, {
      headers: { 'X-API-Key': world.key, Accept: 'text/event-stream', 'Last-Event-ID': rest.at(-1)?.id ?? '' },
    })
    expect(done.status).toBe(204)
  })

  it('refuses an id that it never sent and a run that is not there', async () => {
    const id = await start()
    const headers = { Accept: 'text/event-stream', 'Last-Event-ID': 'abc' }
    const malformed = await send('get', `/v1/executions/${id}/events`, { headers })
    expect([malformed.status, malformed.body.code]).toEqual([400, 'invalid_last_event_id'])
    const unknown = '00000000-0000-4000-8000-000000000000'
    const missing = await send('get', `/v1/executions/${unknown}/events`, { headers: { Accept: 'text/event-stream' } })
    expect([missing.status, missing.body.code]).toEqual([404, 'execution_not_found'])
  })

  it('does not hold up a server that stops', async () => {
    const id = await start()
    const other = await startHttpServer(world.app, { host: '127.0.0.1', port: 0 })
    const stream = readEventStream(`${other.url}/v1/executions/${id}/events`, { 'X-API-Key': world.key })
    await stream.next()
    let ended = false
    const reading = (async () => {
      for await (const _ of stream);
      ended = true
    })()
    await other.stop()
    await reading
    expect(ended).toBe(true)
  })
})

import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { canonicalize } from '../../support/commands/canonicalize.js'
import { type Client, createClient } from '../../support/http/client.js'
import { startWorld, type World } from '../../support/http/world.js'

let world: World
let send: Client
let id: string
let nodeId: string

beforeAll(async () => {
  world = await startWorld()
  send = createClient(world)
  const created = await send('post', '/v1/workflows', {
    body: { name: 'Audited', nodes: [{ key: 'start', type: 'trigger.manual' }] },
    headers: { 'X-Request-Id': 'request-1' },
  })
  id = created.body.id
  const added = await send('post', `/v1/workflows/${id}/nodes`, {
    body: { key: 'a', type: 'transform', config: { output: { x: 1, y: [1, 2] } } },
    headers: { traceparent: `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`, 'Idempotency-Key': 'once' },
  })
  nodeId = added.body.id
  await send('patch', `/v1/workflows/${id}/nodes/${nodeId}`, {
    body: { config: { output: { x: 2, y: [1, 2] } } },
    headers: { 'X-Request-Id': 'request-3' },
  })
})
afterAll(() => world.stop())

interface HistoryItem {
  type: string
  revision: number
  hash: string
  prevHash: string
  correlationId: string
  traceparent: string | null
}

describe('the audit over HTTP', () => {
  it('shows a workflow as of every revision as it was answered then', async () => {
    const now = (await send('get', `/v1/workflows/${id}`)).body
    expect((await send('get', `/v1/workflows/${id}?asOf=${now.revision}`)).body).toEqual(now)
    const first = (await send('get', `/v1/workflows/${id}?asOf=1`)).body
    expect(first).toMatchObject({ revision: 1, nodes: [{ key: 'start' }] })
    const later = await send('get', `/v1/workflows/${id}?asOf=${new Date(Date.now() + 1000).toISOString()}`)
    expect(later.body).toEqual(now)
  })

  it('lists the history with payload, metadata and the chain', async () => {
    const first = await send('get', `/v1/workflows/${id}/history?limit=3`)
    const rest = await send('get', first.headers.link?.slice(1, first.headers.link.indexOf('>')) ?? '')
    const items: HistoryItem[] = [...first.body.items, ...rest.body.items]
    expect(items.map(({ type }) => type)).toEqual(['WorkflowCreated', 'NodeAdded', 'NodeAdded', 'NodeConfigured'])
    expect(items.map(({ correlationId }) => correlationId)).toEqual([
      'request-1',
      'request-1',
      items[2]?.correlationId,
      'request-3',
    ])
    expect(items[2]?.traceparent).toBe(`00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`)
    for (const [index, item] of items.entries()) expect(item.prevHash).toBe(items[index - 1]?.hash ?? '0'.repeat(64))
  })

  it('says what changed between two revisions, and by which events', async () => {
    const { body } = await send('get', `/v1/workflows/${id}/changes?from=2&to=3`)
    expect(body).toMatchObject({ from: 2, to: 3, name: null, description: null, events: [{ type: 'NodeConfigured' }] })
    expect(body.diff.nodes.changed).toEqual([
      { nodeId, key: 'a', changes: [{ op: 'replace', pointer: '/config/output/x', before: 1, after: 2 }] },
    ])
    const all = (await send('get', `/v1/workflows/${id}/changes`)).body
    expect(all).toMatchObject({ from: -1, to: 3, name: { before: null, after: 'Audited' } })
    expect(all.diff.nodes.added).toHaveLength(2)
    const backwards = await send('get', `/v1/workflows/${id}/changes?from=3&to=2`)
    expect([backwards.status, backwards.body.code]).toEqual([422, 'invalid_range'])
  })

  it('blames each leaf on the event that set it', async () => {
    const { body } = await send('get', `/v1/workflows/${id}/blame`)
    const revisions = new Map(
      body.items.map((entry: { pointer: string; revision: number }) => [entry.pointer, entry.revision]),
    )
    expect(revisions.get('/name')).toBe(0)
    expect(revisions.get(`/nodes/${nodeId}/config/output/x`)).toBe(3)
    expect(revisions.get(`/nodes/${nodeId}/config/output/y/0`)).toBe(2)
  })

  it('shows what a request led to as a tree', async () => {
    const { body } = await send('get', '/v1/audit/correlations/request-1')
    expect(body).toMatchObject({ events: 2, truncated: false })
    expect(body.roots).toHaveLength(1)
    expect(body.roots[0].event).toBeNull()
    expect(body.roots[0].children.map(({ event }: { event: { type: string } }) => event.type)).toEqual([
      'WorkflowCreated',
      'NodeAdded',
    ])
    expect((await send('get', '/v1/audit/correlations/none')).body.code).toBe('correlation_not_found')
  })

  it('cuts a chain of causes that is too deep to be written', async () => {
    const item = (index: number) => ({
      id: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
      type: 'NodeCompleted',
      stream: 'execution-x',
      revision: index,
      position: BigInt(index),
      occurredAt: '2026-01-01T00:00:00.000Z',
      actor: { kind: 'system', id: 'test', name: 'test' },
      correlationId: 'deep',
      causationId: `00000000-0000-4000-8000-${String(index - 1).padStart(12, '0')}`,
    })
    const items = Array.from({ length: 5_000 }, (_, index) => item(5_000 - index))
    const reads = { ...world.dependencies.reads, activity: { list: async () => ({ items, nextCursor: null }) } }
    const deep = await startWorld({ reads })
    const { status, body } = await createClient(deep)('get', '/v1/audit/correlations/deep')
    await deep.stop()
    expect([status, body.events, body.truncated]).toEqual([200, 5_000, true])
  })

  it('lists and filters the feed, and exports it from the log', async () => {
    const feed = await send('get', `/v1/audit/events?stream=workflow-${id}&type=NodeAdded`)
    expect(feed.body.items).toHaveLength(2)
    expect(feed.body.items[0]).not.toHaveProperty('data')
    const exported = await send('get', `/v1/audit/events?stream=workflow-${id}`, {
      headers: { Accept: 'application/x-ndjson' },
    })
    const lines = exported.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as HistoryItem)
    const history = (await send('get', `/v1/workflows/${id}/history`)).body.items
    expect(lines).toEqual(history)
    const everything = await send('get', '/v1/audit/events', { headers: { Accept: 'application/x-ndjson' } })
    expect(everything.text.trimEnd().split('\n')).toHaveLength(world.log.events.length)
  })

  it('exports all that it takes to recompute the chain elsewhere, as the documentation says', async () => {
    const { text } = await send('get', '/v1/audit/events', { headers: { Accept: 'application/x-ndjson' } })
    const events = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(events.some(({ requestHash }) => requestHash !== null)).toBe(true)
    const ends = new Map<string, string>()
    for (const { stream, revision, id: eventId, type, data, prevHash, hash, ...said } of events) {
      expect(prevHash).toBe(ends.get(stream) ?? '0'.repeat(64))
      const { correlationId, causationId, commandId, schemaVersion, actor, occurredAt, traceparent, requestHash } = said
      const metadata = {
        $correlationId: correlationId,
        $causationId: causationId,
        commandId,
        schemaVersion,
        actor,
        occurredAt,
        prevHash,
        ...(traceparent !== null && { traceparent }),
        ...(requestHash !== null && { requestHash }),
      }
      const chained = canonicalize({ prevHash, stream, revision, id: eventId, type, data, metadata }) ?? ''
      expect(createHash('sha256').update(chained).digest('hex')).toBe(hash)
      ends.set(stream, hash)
    }
    expect(ends.size).toBe(2)
  })

  it('verifies the chain of one stream and of all, and finds a changed event', async () => {
    const one = await send('get', `/v1/audit/verification?stream=workflow-${id}`)
    expect(one.body).toEqual({ valid: true, events: 4, streams: 1, firstInvalid: null })
    const all = await send('get', '/v1/audit/verification')
    expect(all.body).toEqual({ valid: true, events: world.log.events.length, streams: 2, firstInvalid: null })
    const event = world.log.events.find(({ type }) => type === 'NodeConfigured')
    const data = event?.data as { config: { output: { x: number } } }
    data.config.output.x = 3
    const forged = await send('get', '/v1/audit/verification')
    data.config.output.x = 2
    expect(forged.body).toMatchObject({
      valid: false,
      firstInvalid: { stream: `workflow-${id}`, revision: 3, reason: 'wrong_hash' },
    })
    expect((await send('get', '/v1/audit/verification?stream=workflow-none')).body.code).toBe('stream_not_found')
  })
})

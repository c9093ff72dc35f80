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

const greeting = {
  name: 'Greeting',
  nodes: [
    { key: 'start', type: 'trigger.manual' },
    { key: 'greet', type: 'transform', config: { output: { text: 'Hello {{ input.name }}' } } },
  ],
  edges: [{ sourceNodeId: 'start', targetNodeId: 'greet' }],
}

const create = async (body: object = greeting): Promise<{ id: string; nodes: { id: string; key: string }[] }> =>
  (await send('post', '/v1/workflows', { body })).body

describe('drafts over HTTP', () => {
  it('shows parts of a draft with the revision that a change of them may be bound to', async () => {
    const { id, nodes } = await create()
    const node = `/v1/workflows/${id}/nodes/${nodes[1]!.id}`
    for (const path of [node, `/v1/workflows/${id}/nodes`, `/v1/workflows/${id}/edges`]) {
      const { headers } = await send('get', path)
      expect(headers.etag).toBe('"3"')
      expect((await send('get', path, { headers: { 'If-None-Match': '"3"' } })).status).toBe(304)
    }
    const change = (x: number) =>
      send('patch', node, { body: { position: { x, y: 0 } }, headers: { 'If-Match': '"3"' } })
    expect([(await change(1)).status, (await change(2)).status]).toEqual([200, 412])
  })

  it('creates a workflow with its graph, and reads it back', async () => {
    const created = await send('post', '/v1/workflows', { body: greeting })
    expect(created.status).toBe(201)
    expect(created.headers.location).toBe(`/v1/workflows/${created.body.id}`)
    expect(created.body).toMatchObject({
      name: 'Greeting',
      status: 'draft',
      latestVersion: null,
      publishedVersion: null,
    })
    const token = created.headers['x-consistency-token'] ?? ''
    const read = await send('get', created.headers.location ?? '', { headers: { 'X-Consistency-Token': token } })
    expect(read.status).toBe(200)
    expect(read.headers.etag).toBe(created.headers.etag)
    expect(read.body).toEqual(created.body)
  })

  it('answers 304 to the ETag that is the newest', async () => {
    const { id } = await create()
    const { headers } = await send('get', `/v1/workflows/${id}`)
    const again = await send('get', `/v1/workflows/${id}`, { headers: { 'If-None-Match': headers.etag ?? '' } })
    expect(again.status).toBe(304)
  })

  it('adds, changes and removes a node with its edges', async () => {
    const { id } = await create()
    const added = await send('post', `/v1/workflows/${id}/nodes`, { body: { key: 'end', type: 'noop' } })
    expect(added.status).toBe(201)
    const edge = await send('post', `/v1/workflows/${id}/edges`, {
      body: { sourceNodeId: 'greet', targetNodeId: added.body.id },
    })
    expect(edge.status).toBe(201)
    const moved = await send('patch', `/v1/workflows/${id}/nodes/${added.body.id}`, {
      body: { position: { x: 7, y: -3 } },
    })
    expect(moved.body.position).toEqual({ x: 7, y: -3 })
    expect((await send('get', added.headers.location ?? '')).body).toEqual(moved.body)
    expect((await send('delete', `/v1/workflows/${id}/nodes/${added.body.id}`)).status).toBe(204)
    const edges = await send('get', `/v1/workflows/${id}/edges`)
    expect(edges.body.items).toHaveLength(1)
    expect((await send('get', `/v1/workflows/${id}/nodes`)).body.items).toHaveLength(2)
  })

  it('takes many edits in one append, or none of them', async () => {
    const { id } = await create()
    const before = world.log.events.length
    const edits = [
      { op: 'addNode', key: 'a', type: 'noop' },
      { op: 'removeNode', nodeId: 'nowhere' },
      { op: 'rename', name: 'x' },
    ]
    const refused = await send('post', `/v1/workflows/${id}/edits`, { body: { edits } })
    expect(refused.status).toBe(422)
    expect(refused.body.errors).toMatchObject([{ pointer: '/edits/1/nodeId', code: 'node_not_found' }])
    expect(world.log.events).toHaveLength(before)
    const done = await send('post', `/v1/workflows/${id}/edits`, { body: { edits: [edits[0], edits[2]] } })
    expect(done.body).toMatchObject({ name: 'x' })
    expect(done.body.nodes).toHaveLength(3)
  })

  it('imports a definition as the edits that lead there, and the same again as none', async () => {
    const { id } = await create()
    const { body: exported } = await send('get', `/v1/workflows/${id}`)
    const { nodes, edges, settings } = exported
    const unchanged = await send('put', `/v1/workflows/${id}/definition`, { body: { nodes, edges, settings } })
    expect(unchanged.body.revision).toBe(exported.revision)
    expect(unchanged.headers).not.toHaveProperty('x-consistency-token')
    const changed = await send('put', `/v1/workflows/${id}/definition`, {
      body: { nodes: nodes.slice(0, 1), edges: [] },
    })
    expect(changed.body.nodes).toHaveLength(1)
  })

  it('refuses a stale If-Match with the current revision, and writes nothing', async () => {
    const { id } = await create()
    const before = world.log.events.length
    const stale = await send('patch', `/v1/workflows/${id}`, { body: { name: 'late' }, headers: { 'If-Match': '"0"' } })
    expect(stale.status).toBe(412)
    expect(stale.body).toMatchObject({ code: 'revision_mismatch', currentRevision: 3 })
    expect(world.log.events).toHaveLength(before)
    const fresh = await send('patch', `/v1/workflows/${id}`, {
      body: { name: 'in time' },
      headers: { 'If-Match': '"3"' },
    })
    expect(fresh.body).toMatchObject({ name: 'in time', revision: 4 })
  })

  it('answers a repeated POST as the first time, and refuses the key for another body', async () => {
    const { id } = await create()
    const options = { body: { key: 'once', type: 'noop' }, headers: { 'Idempotency-Key': 'k-1' } }
    const first = await send('post', `/v1/workflows/${id}/nodes`, options)
    const second = await send('post', `/v1/workflows/${id}/nodes`, options)
    expect(second.status).toBe(201)
    expect(second.headers['idempotency-replayed']).toBe('true')
    expect(first.headers).not.toHaveProperty('idempotency-replayed')
    expect(second.body).toEqual(first.body)
    expect(second.headers.etag).toBe(first.headers.etag)
    const other = await send('post', `/v1/workflows/${id}/nodes`, { ...options, body: { key: 'other', type: 'noop' } })
    expect(other.status).toBe(422)
    expect(other.body.code).toBe('idempotency_key_reused')
  })

  it('finds the first answer again after a restart', async () => {
    const options = { body: greeting, headers: { 'Idempotency-Key': 'create-1' } }
    const first = await send('post', '/v1/workflows', options)
    const restarted = await startWorld({}, world.log)
    const again = await createClient({ ...restarted, key: world.key })('post', '/v1/workflows', options)
    await restarted.stop()
    expect(again.body).toEqual(first.body)
    expect(again.headers['idempotency-replayed']).toBe('true')
  })

  it('archives, hides and restores', async () => {
    const { id } = await create()
    expect((await send('delete', `/v1/workflows/${id}`)).body.status).toBe('archived')
    const ids = async (query: string): Promise<string[]> =>
      (await send('get', `/v1/workflows?limit=200${query}`)).body.items.map((item: { id: string }) => item.id)
    expect(await ids('')).not.toContain(id)
    expect(await ids('&status=archived')).toContain(id)
    const refused = await send('post', `/v1/workflows/${id}/nodes`, { body: { key: 'z', type: 'noop' } })
    expect(refused.body.code).toBe('workflow_archived')
    expect((await send('post', `/v1/workflows/${id}/restore`)).body.status).toBe('draft')
  })

  it('pages through a list by its cursor and its Link', async () => {
    const seen: string[] = []
    let next: string | undefined = '/v1/workflows?limit=3'
    while (next !== undefined) {
      const page = await send('get', next)
      seen.push(...page.body.items.map((item: { id: string }) => item.id))
      const link: string | undefined = page.headers.link
      expect(link === undefined).toBe(page.body.nextCursor === null)
      next = link && /^<([^>]+)>; rel="next"$/.exec(link)?.[1]
    }
    expect(new Set(seen).size).toBe(seen.length)
    expect(seen.length).toBeGreaterThan(5)
  })

  it('validates the draft with all findings', async () => {
    const { id } = await create({
      name: 'Bad',
      nodes: [{ key: 'a', type: 'transform', config: { output: '{{ 1 + }}' } }],
    })
    const { body } = await send('get', `/v1/workflows/${id}/validation`)
    expect(body.valid).toBe(false)
    expect(body.findings.map(({ code }: { code: string }) => code)).toEqual(
      expect.arrayContaining(['no_trigger', 'expression_syntax']),
    )
  })
})

describe('versions over HTTP', () => {
  it('saves once, publishes, diffs, restores and unpublishes', async () => {
    const { id, nodes } = await create()
    const first = await send('post', `/v1/workflows/${id}/versions`, { body: { label: 'first' } })
    expect(first.status).toBe(201)
    const same = await send('post', `/v1/workflows/${id}/versions`)
    expect(same.status).toBe(200)
    expect(same.body).toEqual(first.body)
    const published = await send('post', `/v1/workflows/${id}/versions/1/publish`)
    expect(published.body).toMatchObject({ status: 'published', publishedVersion: 1, latestVersion: 1 })
    const greet = nodes.find(({ key }) => key === 'greet')?.id
    await send('patch', `/v1/workflows/${id}/nodes/${greet}`, { body: { config: { output: 'changed' }, key: 'hello' } })
    expect((await send('post', `/v1/workflows/${id}/versions`)).body.number).toBe(2)
    const diff = await send('get', `/v1/workflows/${id}/versions/1/diff/2`)
    expect(diff.body.nodes.changed[0].changes.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual([
      '/config/output',
      '/key',
    ])
    const list = await send('get', `/v1/workflows/${id}/versions`)
    expect(list.body.items.map(({ number }: { number: number }) => number)).toEqual([2, 1])
    expect((await send('get', `/v1/workflows/${id}/versions/1`)).body).toMatchObject({ number: 1, published: true })
    const restored = await send('post', `/v1/workflows/${id}/versions/1/restore`)
    expect(restored.body.nodes.map(({ key }: { key: string }) => key)).toEqual(['start', 'greet'])
    expect((await send('post', `/v1/workflows/${id}/unpublish`)).body.publishedVersion).toBeNull()
  })

  it('refuses to publish what is not valid, with every finding', async () => {
    const { id } = await create({
      name: 'Cycle',
      nodes: [
        { key: 'start', type: 'trigger.manual' },
        { key: 'a', type: 'noop' },
        { key: 'b', type: 'noop' },
      ],
      edges: [
        { sourceNodeId: 'start', targetNodeId: 'a' },
        { sourceNodeId: 'a', targetNodeId: 'b' },
        { sourceNodeId: 'b', targetNodeId: 'a' },
      ],
    })
    await send('post', `/v1/workflows/${id}/versions`)
    const refused = await send('post', `/v1/workflows/${id}/versions/1/publish`)
    expect(refused.status).toBe(422)
    expect(refused.body.code).toBe('version_invalid')
    expect(refused.body.errors.map(({ code }: { code: string }) => code)).toContain('cycle')
  })
})

import { v7 as uuid } from 'uuid'
import { beforeEach, describe, expect, it } from 'vitest'
import { createCommandHandler } from '../../../src/commands/eventStoreCommandHandler.js'
import { createWorkflowCommands } from '../../../src/commands/workflows/createWorkflowCommands.js'
import { createVersionSource, type VersionSource } from '../../../src/commands/workflows/versionSource.js'
import type { WorkflowCommands } from '../../../src/commands/workflows/workflowCommands.js'
import { verifyChain } from '../../../src/domain/hashChain.js'
import type { NewNode } from '../../../src/domain/workflow/edits.js'
import { draftOf, statusOf } from '../../../src/domain/workflow/state.js'
import { createInMemoryLog, type InMemoryLog } from '../../../src/eventlog/inMemory/inMemoryLog.js'
import { testContext } from '../../support/commands/context.js'
import { testEngine, testNodeTypes } from '../../support/commands/nodeTypes.js'
import { type WatchedStore, watchStore } from '../../support/commands/watchedStore.js'
import { randomIds } from '../../support/commands/workflows.js'

let log: InMemoryLog
let store: WatchedStore
let versions: VersionSource
let secrets: Set<string>
let commands: WorkflowCommands

const commandsOver = (over: WatchedStore) => {
  const handler = createCommandHandler({ store: over })
  return createWorkflowCommands({
    handler,
    versions: createVersionSource({ store: over }),
    ids: randomIds,
    nodeTypes: testNodeTypes,
    engine: testEngine,
    secretNames: async () => secrets,
  })
}

beforeEach(() => {
  log = createInMemoryLog()
  store = watchStore(log)
  versions = createVersionSource({ store })
  secrets = new Set()
  commands = commandsOver(store)
})

const start: NewNode = { key: 'start', type: 'trigger.manual' }
const end: NewNode = { key: 'end', type: 'noop' }
const create = (nodes: NewNode[] = [start, end], edges = [{ sourceNodeId: 'start', targetNodeId: 'end' }]) =>
  commands.create(testContext(), { name: 'Orders', nodes, edges }).then(({ workflow }) => workflow.id)
const types = () => log.events.map(({ type }) => type)
const keyed = () => testContext({ requestHash: 'body' })

describe('creating a workflow', () => {
  it('is one append, with its nodes and edges', async () => {
    const { workflow, revision, events } = await commands.create(testContext(), {
      ...{ name: 'Orders', description: 'All', settings: { timeoutMs: 9 } },
      ...{ nodes: [start, end], edges: [{ sourceNodeId: 'start', targetNodeId: 'end' }] },
    })
    expect(workflow).toMatchObject({ name: 'Orders', description: 'All', settings: { timeoutMs: 9 }, archived: false })
    expect([...workflow.nodes.values()].map(({ key }) => key)).toEqual(['start', 'end'])
    expect(revision).toBe(3)
    expect(events.map(({ type }) => type)).toEqual(['WorkflowCreated', 'NodeAdded', 'NodeAdded', 'EdgeAdded'])
    expect(store.calls).toEqual(['append'])
  })

  it('twice with one idempotency key makes one workflow, also after a restart', async () => {
    const context = keyed()
    const first = await commands.create(context, { name: 'Orders' })
    const later = { ...context, now: '2026-01-02T03:04:06.000Z' }
    const again = await commandsOver(store).create(later, { name: 'Orders' })
    expect(again).toMatchObject({ replayed: true, revision: 0, workflow: { id: first.workflow.id } })
    expect(types()).toEqual(['WorkflowCreated'])
  })

  it('writes nothing when an edge leads nowhere', async () => {
    await expect(create([start])).rejects.toMatchObject({
      code: 'invalid_definition',
      errors: [{ pointer: '/edges/0/targetNodeId', code: 'dangling_edge' }],
    })
    expect(log.events).toEqual([])
  })
})

describe('changing a workflow', () => {
  it('answers with the node that was added, the same one when the command comes again', async () => {
    const id = await create()
    const context = keyed()
    const { node } = await commands.addNode(context, id, { key: 'mid', type: 'noop' })
    expect(node).toMatchObject({ key: 'mid', config: {}, policy: {}, position: { x: 0, y: 0 } })
    await commands.removeNode(testContext(), id, 'mid')
    const again = await commands.addNode(context, id, { key: 'mid', type: 'noop' })
    expect(again).toMatchObject({ replayed: true, node: { id: node.id } })
    expect(again.workflow.nodes.has(node.id)).toBe(true)
  })

  it('changes several things of a node in one append, and answers with it', async () => {
    const id = await create()
    const before = log.events.length
    const { node, events } = await commands.changeNode(testContext(), id, 'end', {
      ...{ key: 'finish', config: {}, position: { x: 1, y: 2 }, policy: { join: 'any' } },
    })
    expect(node).toMatchObject({ key: 'finish', position: { x: 1, y: 2 }, policy: { join: 'any' } })
    expect(events.map(({ type }) => type)).toEqual(['NodePolicySet', 'NodeMoved', 'NodeRenamed'])
    expect(log.events.length).toBe(before + 3)
    const { node: same } = await commands.changeNode(testContext(), id, node.id, {})
    expect(same).toEqual(node)
    await expect(commands.changeNode(testContext(), id, 'end', {})).rejects.toMatchObject({ code: 'node_not_found' })
  })

  it('adds an edge and answers with it', async () => {
    const id = await create([start, end], [])
    const { edge, workflow } = await commands.addEdge(testContext(), id, { sourceNodeId: 'start', targetNodeId: 'end' })
    expect(workflow.edges.get(edge.id)).toEqual(edge)
    expect(edge.sourcePort).toBe('out')
    await commands.removeEdge(testContext(), id, edge.id)
    await expect(commands.removeEdge(testContext(), id, edge.id)).rejects.toMatchObject({ code: 'edge_not_found' })
  })

  it('takes many edits as one, all or nothing', async () => {
    const id = await create()
    const before = log.events.length
    const refused = commands.edit(testContext(), id, [
      { op: 'addNode', key: 'a', type: 'noop' },
      { op: 'addNode', key: 'a', type: 'noop' },
    ])
    await expect(refused).rejects.toMatchObject({ errors: [{ pointer: '/edits/1/key', code: 'duplicate_key' }] })
    expect(log.events.length).toBe(before)
    const { events } = await commands.edit(testContext(), id, [
      { op: 'addNode', key: 'a', type: 'noop' },
      { op: 'addEdge', sourceNodeId: 'end', targetNodeId: 'a' },
      { op: 'rename', name: 'Bills' },
    ])
    expect(events.map(({ type }) => type)).toEqual(['NodeAdded', 'EdgeAdded', 'WorkflowRenamed'])
  })

  it('imports a definition, and the same one again without writing anything', async () => {
    const id = await create()
    const exported = draftOf((await commands.load(id))!.workflow)
    const again = await commands.importDefinition(testContext(), id, exported)
    expect(again.events).toEqual([])
    const { workflow } = await commands.importDefinition(testContext(), id, { nodes: [start], edges: [] })
    expect([...workflow.nodes.values()].map(({ key }) => key)).toEqual(['start'])
  })

  it('is refused where there is no workflow', async () => {
    const nowhere = uuid()
    const all = [
      commands.change(testContext(), nowhere, { name: 'x' }),
      commands.archive(testContext(), nowhere),
      commands.restore(testContext(), nowhere),
      commands.addNode(testContext(), nowhere, end),
      commands.changeNode(testContext(), nowhere, 'end', {}),
      commands.edit(testContext(), nowhere, []),
      commands.importDefinition(testContext(), nowhere, { nodes: [], edges: [] }),
      commands.saveVersion(testContext(), nowhere, {}),
      commands.publish(testContext(), nowhere, 1),
      commands.unpublish(testContext(), nowhere),
      commands.restoreVersion(testContext(), nowhere, 1),
      commands.validate(nowhere),
    ]
    for (const each of await Promise.allSettled(all)) {
      expect(each).toMatchObject({ status: 'rejected', reason: { code: 'workflow_not_found', kind: 'notFound' } })
    }
    expect(await commands.load(nowhere)).toBeUndefined()
    expect(log.events).toEqual([])
  })

  it('honours If-Match', async () => {
    const id = await create()
    const stale = testContext({ ifMatch: 1 })
    await expect(commands.change(stale, id, { name: 'x' })).rejects.toMatchObject({
      code: 'revision_mismatch',
      details: { currentRevision: 3 },
    })
    expect(await commands.change(testContext({ ifMatch: 3 }), id, { name: 'x' })).toMatchObject({ revision: 4 })
  })

  it('by two processes at once loses neither edit', async () => {
    const id = await create()
    const other = commandsOver(watchStore(log))
    await other.load(id)
    await commands.changeNode(testContext(), id, 'start', { position: { x: 1, y: 1 } })
    const { workflow } = await other.changeNode(testContext(), id, 'end', { position: { x: 2, y: 2 } })
    expect([...workflow.nodes.values()].map(({ position }) => position.x)).toEqual([1, 2])
    expect(verifyChain(log.events)).toBeUndefined()
  })
})

describe('versions', () => {
  it('are saved with what validation says, once per content', async () => {
    const id = await create([start, end], [])
    const first = await commands.saveVersion(testContext(), id, { label: 'first' })
    expect(first).toMatchObject({ created: true, version: { number: 1, label: 'first' } })
    expect(first.version.findings.map(({ code }) => code)).toEqual(['unreachable_node'])
    const again = await commands.saveVersion(testContext(), id, { label: 'again' })
    expect(again).toMatchObject({ created: false, version: { number: 1, label: 'first' }, revision: first.revision })
    expect(statusOf(again.workflow)).toBe('versioned')
  })

  it('are read from the stream, and always as the same object', async () => {
    const id = await create()
    const { version } = await commands.saveVersion(testContext(), id, { label: 'x' })
    const loaded = await versions.loadVersion(id, 1)
    expect(loaded).toMatchObject({
      ...{ workflowId: id, number: 1, label: 'x', versionId: version.versionId, contentHash: version.contentHash },
      ...{ definition: version.snapshot, createdAt: version.createdAt, createdBy: version.createdBy },
    })
    expect(await versions.loadVersion(id, 1)).toBe(loaded)
    expect(await versions.loadVersion(id, 2)).toBeUndefined()
    expect(await versions.loadVersion(uuid(), 1)).toBeUndefined()
  })

  it('are found in a long stream', async () => {
    const id = await create()
    await commands.saveVersion(testContext(), id, {})
    for (let x = 1; x <= 450; x += 1) await commands.changeNode(testContext(), id, 'end', { position: { x, y: 0 } })
    await commands.addNode(testContext(), id, { key: 'more', type: 'noop' })
    await commands.saveVersion(testContext(), id, {})
    expect(await versions.loadVersion(id, 1)).toMatchObject({ number: 1 })
    expect(await versions.loadVersion(id, 2)).toMatchObject({ number: 2 })
    expect(await versions.loadVersion(id, 3)).toBeUndefined()
    const restarted = await commandsOver(store).load(id)
    expect(restarted).toEqual(await commands.load(id))
  })

  it('are published when they are valid now, whatever was found when they were saved', async () => {
    const secret = '{{ secrets.TOKEN }}'
    const config = { url: 'https://example.com', headers: { authorization: secret } }
    const call: NewNode = { key: 'call', type: 'http.request', config, policy: { onError: 'hold' } }
    const id = await create([start, call], [{ sourceNodeId: 'start', targetNodeId: 'call' }])
    const { version } = await commands.saveVersion(testContext(), id, {})
    expect(version.findings).toMatchObject([{ code: 'secret_missing' }])
    await expect(commands.publish(testContext(), id, 1)).rejects.toMatchObject({
      code: 'version_invalid',
      errors: [{ code: 'secret_missing', pointer: '/nodes/1/config/headers/authorization' }],
    })
    secrets.add('TOKEN')
    const { workflow } = await commands.publish(testContext(), id, 1)
    expect(workflow.publishedVersion).toBe(1)
    expect(statusOf(workflow)).toBe('published')
    await expect(commands.publish(testContext(), id, 2)).rejects.toMatchObject({ code: 'version_not_found' })
  })

  it('with a cycle are saved but not published', async () => {
    const edges = [
      { sourceNodeId: 'start', targetNodeId: 'a' },
      { sourceNodeId: 'a', targetNodeId: 'b' },
      { sourceNodeId: 'b', targetNodeId: 'a' },
    ]
    const id = await create([start, { key: 'a', type: 'noop' }, { key: 'b', type: 'noop' }], edges)
    expect((await commands.saveVersion(testContext(), id, {})).created).toBe(true)
    await expect(commands.publish(testContext(), id, 1)).rejects.toMatchObject({
      kind: 'invalid',
      errors: [{ code: 'cycle', detail: expect.stringContaining('a -> b -> a') }],
    })
  })

  it('are restored into the draft', async () => {
    const id = await create()
    await commands.saveVersion(testContext(), id, {})
    await commands.removeNode(testContext(), id, 'end')
    const { workflow, events } = await commands.restoreVersion(testContext(), id, 1)
    expect(events.map(({ type }) => type)).toEqual(['DraftRestored', 'NodeAdded', 'EdgeAdded'])
    expect(workflow.nodes.size).toBe(2)
    expect((await commands.saveVersion(testContext(), id, {})).created).toBe(false)
  })

  it('may be saved while others edit', async () => {
    const id = await create()
    const other = commandsOver(watchStore(log))
    let edited = false
    store.beforeAppend = async () => {
      if (edited) return
      edited = true
      await other.addNode(testContext(), id, { key: 'theirs', type: 'no.such.type' })
    }
    const { version } = await commands.saveVersion(testContext(), id, {})
    expect(version.snapshot.nodes.map(({ key }) => key)).toEqual(['start', 'end', 'theirs'])
    expect(version.findings.map(({ code }) => code)).toContain('unknown_node_type')
  })
})

describe('workflows that start others', () => {
  const caller = (workflowId: string): NewNode[] => [
    start,
    { key: 'call', type: 'subworkflow', config: { workflowId } },
  ]
  const toCall = [{ sourceNodeId: 'start', targetNodeId: 'call' }]
  const codes = async (id: string) => (await commands.validate(id)).map(({ code }) => code)
  const publish = async (id: string) => {
    const { version } = await commands.saveVersion(testContext(), id, {})
    await commands.publish(testContext(), id, version.number)
  }

  it('need them to be published', async () => {
    const child = await create()
    const parent = await create(caller(child), toCall)
    expect(await codes(parent)).toEqual(['subworkflow_missing'])
    await publish(child)
    expect(await codes(parent)).toEqual([])
    await commands.archive(testContext(), child)
    await commands.load(child)
    expect(await codes(parent)).toEqual(['subworkflow_missing'])
  })

  it('must not come back to themselves, not through others either', async () => {
    const first = await create()
    await publish(first)
    const second = await create(caller(first), toCall)
    await publish(second)
    await commands.importDefinition(testContext(), first, { nodes: caller(second), edges: toCall })
    expect(await codes(first)).toEqual(['subworkflow_recursion'])
    await commands.importDefinition(testContext(), first, { nodes: caller(first), edges: toCall })
    expect(await codes(first)).toEqual(['subworkflow_recursion'])
  })
})

describe('a change that is too much for an event each', () => {
  /** As EventStoreDB counts an append; it refuses one over 1 MiB. */
  const largestAppend = (): number => {
    const sizes = new Map<string, number>()
    for (const { type, data, metadata } of log.events) {
      const { commandId } = metadata as { commandId: string }
      const bytes = Buffer.byteLength(JSON.stringify(data) + JSON.stringify(metadata)) + 2 * type.length
      sizes.set(commandId, (sizes.get(commandId) ?? 0) + bytes)
    }
    return Math.max(...sizes.values())
  }
  const many = (count: number, edges: number) => ({
    nodes: Array.from({ length: count }, (_, index): NewNode => ({ key: `n${index}`, type: 'noop' })),
    edges: Array.from({ length: edges }, (_, index) => ({
      sourceNodeId: `n${index % count}`,
      targetNodeId: `n${(index + 1 + Math.floor(index / count)) % count}`,
    })),
  })
  const appends = () => store.calls.filter((call) => call === 'append').length
  /** The shortest metadata there is, so that as many events as possible fit into what is counted. */
  const shortest = () => testContext({ actor: { kind: 'system', id: 't', name: 't' }, correlationId: 'c' })

  it('is one append all the same: a whole definition at its limits, moved, emptied', async () => {
    const { workflow } = await commands.create(testContext(), { name: 'Big', ...many(2_000, 1_500) })
    expect(types()[0]).toBe('WorkflowCreated')
    expect(new Set(types().slice(1))).toEqual(new Set(['DraftEdited']))
    expect([workflow.nodes.size, workflow.edges.size, appends()]).toEqual([2_000, 1_500, 1])

    const moves = [...workflow.nodes.values()].map(({ id }, x) => ({
      ...{ op: 'moveNode' as const, nodeId: id },
      position: { x, y: 1 },
    }))
    const moved = await commands.edit(testContext(), workflow.id, moves)
    expect([...moved.workflow.nodes.values()].map(({ position }) => position.x)).toEqual(moves.map((_, x) => x))

    const emptied = await commands.importDefinition(shortest(), workflow.id, { nodes: [], edges: [] })
    expect([emptied.workflow.nodes.size, emptied.workflow.edges.size, appends()]).toEqual([0, 0, 3])
    expect(largestAppend()).toBeLessThan(900 * 1024)
    expect(verifyChain(log.events)).toBeUndefined()
    const reloaded = await commandsOver(watchStore(log)).load(workflow.id)
    expect(reloaded?.workflow).toEqual(emptied.workflow)
  })

  it('never comes to more than the server takes, however short the metadata', async () => {
    const id = await create([], [])
    const { nodes } = many(2_000, 0)
    for (let from = 0; from < nodes.length; from += 400) {
      const edits = nodes.slice(from, from + 400).map((node) => ({ op: 'addNode' as const, ...node }))
      await commands.edit(testContext(), id, edits)
    }
    const edges = many(2_000, 150).edges.map((edge) => ({ op: 'addEdge' as const, ...edge }))
    await commands.edit(testContext(), id, edges)
    await commands.importDefinition(shortest(), id, { nodes: [], edges: [] })
    expect(largestAppend()).toBeLessThan(900 * 1024)
  })

  it('keeps an event for each edit as long as they fit', async () => {
    const id = await create()
    await commands.importDefinition(testContext(), id, many(300, 299))
    expect(types()).not.toContain('DraftEdited')
    expect(types().filter((type) => type === 'NodeAdded')).toHaveLength(302)
  })
})

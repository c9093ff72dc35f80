import { v7 as uuid, v5 as uuidv5 } from 'uuid'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Aggregate, CommandHandler } from '../../../src/commands/commandHandler.js'
import { createCommandHandler } from '../../../src/commands/eventStoreCommandHandler.js'
import { conflict } from '../../../src/domain/errors.js'
import type { WorkflowEvent } from '../../../src/domain/events/catalogue/index.js'
import type { RecordedEvent } from '../../../src/domain/events/recordedEvent.js'
import { verifyChain } from '../../../src/domain/hashChain.js'
import { LogUnavailable } from '../../../src/eventlog/eventStore.js'
import { createInMemoryLog, type InMemoryLog } from '../../../src/eventlog/inMemory/inMemoryLog.js'
import { testContext, testNow } from '../../support/commands/context.js'
import { names, renamed } from '../../support/commands/counter.js'
import { type WatchedStore, watchStore } from '../../support/commands/watchedStore.js'

let log: InMemoryLog
let store: WatchedStore
let handler: CommandHandler
let pauses: number[]
let id: string

const handlerOver = (over: WatchedStore) =>
  createCommandHandler({
    store: over,
    random: () => 0.5,
    sleep: async (milliseconds) => {
      pauses.push(milliseconds)
    },
  })

beforeEach(() => {
  log = createInMemoryLog()
  store = watchStore(log)
  pauses = []
  handler = handlerOver(store)
  id = uuid()
})

const rename = (name: string, context = testContext(), over = handler) =>
  over.handle(names, id, context, () => renamed(name))
const keyed = (requestHash: string, commandId = uuid()) => testContext({ commandId, requestHash })
const inLog = () => log.events.map(({ data }) => (data as { name: string }).name)

describe('a command', () => {
  it('appends what was decided and answers with state, revision, position and events', async () => {
    const context = testContext({ traceparent: '00-trace' })
    const outcome = await handler.handle(names, id, context, () => renamed('a', 'b'))
    expect(outcome).toMatchObject({ state: ['a', 'b'], revision: 1, position: 2n, replayed: false })
    const { commandId, correlationId, causationId, actor } = context
    expect(outcome.events[1]).toMatchObject({
      type: 'WorkflowRenamed',
      data: { name: 'b' },
      id: uuidv5('1', commandId),
      stream: `workflow-${id}`,
      revision: 1,
      position: 2n,
      recordedAt: testNow,
      metadata: {
        $correlationId: correlationId,
        $causationId: causationId,
        commandId,
        actor,
        occurredAt: testNow,
        schemaVersion: 1,
        traceparent: '00-trace',
      },
    })
    expect(log.events.map((event) => event.metadata)).toEqual(outcome.events.map(({ metadata }) => metadata))
    expect(verifyChain(log.events)).toBeUndefined()
  })

  it('is decided on the folded state, whether that is remembered or read', async () => {
    await rename('a')
    const decided: unknown[] = []
    const look = (over: CommandHandler) =>
      over.handle(names, id, testContext(), (state, revision) => {
        decided.push([state, revision])
        return renamed('b')
      })
    await look(handler)
    await look(handlerOver(store))
    expect(decided).toEqual([
      [['a'], 0],
      [['a', 'b'], 1],
    ])
  })

  it('costs one append and no read on a warm stream', async () => {
    await rename('a')
    store.calls.length = 0
    await rename('b')
    expect(store.calls).toEqual(['append'])
  })

  it('costs one append and no read on a stream that is expected to be new', async () => {
    await handler.handle(names, id, testContext(), () => renamed('a'), { expectNew: true })
    expect(store.calls).toEqual(['append'])
  })

  it('finds out that a stream which was expected to be new exists', async () => {
    await rename('a')
    const outcome = await handlerOver(store).handle(names, id, testContext(), (s) => renamed(`b${s.length}`), {
      expectNew: true,
    })
    expect(outcome).toMatchObject({ state: ['a', 'b1'], revision: 1 })
  })

  it('that decides nothing writes nothing', async () => {
    await rename('a')
    const outcome = await handler.handle(names, id, testContext(), () => [])
    expect(outcome).toEqual({ state: ['a'], revision: 0, events: [], position: undefined, replayed: false })
    expect(inLog()).toEqual(['a'])
  })

  it('on a stream of its own does not wait for one on another', async () => {
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    store.beforeAppend = (stream) => (stream === `workflow-${id}` ? held : undefined)
    const slow = rename('slow')
    await handler.handle(names, uuid(), testContext(), () => renamed('fast'))
    expect(inLog()).toEqual(['fast'])
    release()
    await slow
    expect(inLog()).toEqual(['fast', 'slow'])
  })

  it('queues behind those on the same stream instead of conflicting with them', async () => {
    await rename('first')
    store.calls.length = 0
    const outcomes = await Promise.all(['a', 'b', 'c', 'd'].map((name) => rename(name)))
    expect(outcomes.map(({ revision }) => revision)).toEqual([1, 2, 3, 4])
    expect(store.calls).toEqual(['append', 'append', 'append', 'append'])
    expect(verifyChain(log.events)).toBeUndefined()
  })

  it('that is refused lets the next one through', async () => {
    const refused = handler.handle(names, id, testContext(), () => {
      throw conflict('no', 'no')
    })
    const next = rename('a')
    await expect(refused).rejects.toMatchObject({ code: 'no' })
    expect((await next).state).toEqual(['a'])
  })
})

describe('a repeated command', () => {
  it('answers with the events and the state of the first time, also when the stream went on', async () => {
    const context = keyed('body')
    const first = await handler.handle(names, id, context, () => renamed('a', 'b'))
    await rename('later')
    for (const over of [handler, handlerOver(store)]) {
      const again = await rename('ignored', context, over)
      expect(again).toMatchObject({ state: ['a', 'b'], revision: 1, position: 2n, replayed: true })
      expect(again.events.map((event) => event.metadata.hash)).toEqual(first.events.map((e) => e.metadata.hash))
    }
    expect(inLog()).toEqual(['a', 'b', 'later'])
  })

  it('with another body is refused', async () => {
    const context = keyed('body')
    await rename('a', context)
    const other = rename('b', { ...context, requestHash: 'other' })
    await expect(other).rejects.toMatchObject({ kind: 'invalid', code: 'idempotency_key_reused' })
    expect(inLog()).toEqual(['a'])
  })

  it('is a repetition also with an If-Match that no longer holds', async () => {
    await rename('a')
    const context = { ...keyed('body'), ifMatch: 0 }
    await rename('b', context)
    expect(await rename('b', context)).toMatchObject({ replayed: true, revision: 1 })
  })

  it('is recognised though another process, which remembers the old revision, takes it for new', async () => {
    await rename('a')
    const other = handlerOver(store)
    await other.load(names, id)
    const context = keyed('body')
    const first = await rename('b', context)
    const second = await other.handle(names, id, { ...context, now: '2030-01-01T00:00:00.000Z' }, () => renamed('c'))
    expect(second).toMatchObject({ state: ['a', 'b'], replayed: true })
    expect(second.events[0]?.metadata.hash).toBe(first.events[0]?.metadata.hash)
    await rename('d', testContext(), other)
    expect(verifyChain(log.events)).toBeUndefined()
    expect(inLog()).toEqual(['a', 'b', 'd'])
  })

  it('of a derived id is recognised so on a stream that is expected to be new', async () => {
    const context = testContext({ commandId: uuidv5('fire', uuid()) })
    const begin = (over: CommandHandler, name: string) =>
      over.handle(names, id, context, () => renamed(name), { expectNew: true })
    await begin(handler, 'a')
    expect(await begin(handlerOver(store), 'b')).toMatchObject({ state: ['a'], replayed: true })
  })
})

describe('a stream that others write to', () => {
  let other: CommandHandler
  beforeEach(async () => {
    await rename('a')
    other = handlerOver(watchStore(log))
    await rename('theirs', testContext(), other)
  })

  it('is decided on again at its newest state', async () => {
    const outcome = await handler.handle(names, id, testContext(), (state) => renamed(`mine after ${state.length}`))
    expect(outcome).toMatchObject({ state: ['a', 'theirs', 'mine after 2'], revision: 2 })
    expect(verifyChain(log.events)).toBeUndefined()
    expect(pauses).toEqual([])
  })

  it('is decided on at most 4 times', async () => {
    let decided = 0
    store.beforeAppend = () => rename('again', testContext(), other).then(() => undefined)
    const command = handler.handle(names, id, testContext(), () => {
      decided += 1
      return renamed('mine')
    })
    await expect(command).rejects.toMatchObject({ kind: 'conflict', code: 'concurrent_change' })
    expect(decided).toBe(4)
    expect(pauses).toEqual([100, 200, 400])
    expect(inLog()).not.toContain('mine')
  })

  it('is read from its beginning where the log was put back to an earlier state', async () => {
    const restored = createInMemoryLog()
    const over = handlerOver({
      ...store,
      append: (...args) => target.append(...args),
      readStream: (...args) => target.readStream(...args),
    })
    let target: InMemoryLog = log
    await rename('mine', testContext(), over)
    target = restored
    await rename('only', testContext(), handlerOver(watchStore(restored)))
    expect(await rename('again', testContext(), over)).toMatchObject({ state: ['only', 'again'], revision: 1 })
    expect(verifyChain(restored.events)).toBeUndefined()
  })

  it('refuses a command with an If-Match of before', async () => {
    for (const over of [handler, other]) {
      const command = rename('mine', testContext({ ifMatch: 0 }), over)
      await expect(command).rejects.toMatchObject({
        kind: 'preconditionFailed',
        code: 'revision_mismatch',
        details: { currentRevision: 1 },
      })
    }
    expect(inLog()).toEqual(['a', 'theirs'])
  })

  it('accepts an If-Match of now, though an older state is remembered', async () => {
    expect(await rename('mine', testContext({ ifMatch: 1 }))).toMatchObject({ revision: 2 })
  })

  it('counts a refusal, or nothing to do, only when it holds for the newest state', async () => {
    const unlessTheirs = (state: readonly string[]) => {
      if (!state.includes('theirs')) throw conflict('not_yet', 'not yet')
      return renamed('mine')
    }
    expect(await handler.handle(names, id, testContext(), unlessTheirs)).toMatchObject({ revision: 2 })
    await rename('more', testContext(), other)
    const onlyAfterMore = (state: readonly string[]) => (state.includes('more') ? renamed('last') : [])
    expect(await handler.handle(names, id, testContext(), onlyAfterMore)).toMatchObject({ revision: 4 })
  })
})

describe('a lost connection', () => {
  const lose = (times: number) => () => {
    if (times > 0) {
      times -= 1
      throw new LogUnavailable('gone')
    }
  }

  it('before an append took place: it is repeated with growing, jittered pauses', async () => {
    store.beforeAppend = lose(3)
    expect(await rename('a')).toMatchObject({ revision: 0, replayed: false })
    expect(inLog()).toEqual(['a'])
    expect(pauses).toEqual([50, 100, 200])
  })

  it('after an append took place: it is not written twice', async () => {
    store.afterAppend = lose(1)
    expect(await rename('a')).toMatchObject({ state: ['a'], revision: 0, replayed: false })
    expect(await rename('b')).toMatchObject({ revision: 1 })
    expect(inLog()).toEqual(['a', 'b'])
    expect(verifyChain(log.events)).toBeUndefined()
  })

  it('after an append took place and others went on: the answer is still the first one', async () => {
    await rename('a')
    const other = handlerOver(watchStore(log))
    let lost = false
    store.afterAppend = async () => {
      if (lost) return
      lost = true
      await rename('theirs', testContext(), other)
      throw new LogUnavailable('gone')
    }
    expect(await rename('b')).toMatchObject({ state: ['a', 'b'], revision: 1, replayed: false })
    expect(inLog()).toEqual(['a', 'b', 'theirs'])
  })

  it('that lasts is an answer of its own, and nothing wrong is remembered', async () => {
    await rename('a')
    store.afterAppend = lose(100)
    await expect(rename('b')).rejects.toMatchObject({ kind: 'unavailable', code: 'log_unavailable' })
    store.afterAppend = undefined
    expect((await handler.load(names, id)).state).toEqual(['a', 'b'])
  })
})

describe('limits', () => {
  const big = (bytes: number) => renamed('x'.repeat(bytes))

  it('an event has at most 256 KiB of data', async () => {
    const around = JSON.stringify({ name: '' }).length
    await handler.handle(names, id, testContext(), () => big(256 * 1024 - around))
    const command = handler.handle(names, id, testContext(), () => big(256 * 1024 - around + 1))
    await expect(command).rejects.toMatchObject({ kind: 'tooLarge', code: 'event_too_large' })
  })

  it('counts bytes, not characters', async () => {
    const command = handler.handle(names, id, testContext(), () => renamed('€'.repeat(100_000)))
    await expect(command).rejects.toMatchObject({ code: 'event_too_large' })
  })

  it('an append has at most 900 KiB', async () => {
    const parts = (count: number) => Array.from({ length: count }, () => 'x'.repeat(200 * 1024))
    await handler.handle(names, id, testContext(), () => renamed(...parts(4)))
    const command = handler.handle(names, id, testContext(), () => renamed(...parts(5)))
    await expect(command).rejects.toMatchObject({ kind: 'tooLarge', code: 'append_too_large' })
    expect(log.events).toHaveLength(4)
  })
})

describe('loading', () => {
  it('gives the newest state, also of others', async () => {
    await rename('a')
    await rename('theirs', testContext(), handlerOver(store))
    expect(await handler.load(names, id)).toEqual({ state: ['a', 'theirs'], revision: 1 })
  })

  it('is content with an older state where that is good enough', async () => {
    await rename('a')
    await rename('theirs', testContext(), handlerOver(store))
    store.calls.length = 0
    expect(await handler.load(names, id, { maxAgeMs: 60_000 })).toMatchObject({ revision: 0 })
    expect(store.calls).toEqual([])
    handler.invalidate(`workflow-${id}`)
    expect(await handler.load(names, id, { maxAgeMs: 60_000 })).toMatchObject({ revision: 1 })
  })

  it('is content with an old state that holds the event it is asked for', async () => {
    await rename('a')
    await rename('theirs', testContext(), handlerOver(store))
    store.calls.length = 0
    expect(await handler.load(names, id, { including: 0 })).toEqual({ state: ['a'], revision: 0 })
    expect(store.calls).toEqual([])
    expect(await handler.load(names, id, { including: 1 })).toEqual({ state: ['a', 'theirs'], revision: 1 })
    expect(store.calls).toEqual(['read'])
  })

  it('does not read what a command under way leaves behind', async () => {
    const renaming = rename('a')
    const loading = handler.load(names, id, { maxAgeMs: 60_000 })
    await renaming
    expect(await loading).toEqual({ state: ['a'], revision: 0 })
    expect(store.calls).toEqual(['read', 'append'])
  })

  it('of a stream that does not exist gives the initial state', async () => {
    expect(await handler.load(names, uuid())).toEqual({ state: [], revision: -1 })
  })

  it('keeps no more streams in memory than it may', async () => {
    const small = createCommandHandler({ store, cacheSize: 1 })
    const [one, two] = [uuid(), uuid()]
    for (const stream of [one, two]) await small.handle(names, stream, testContext(), () => renamed('a'))
    store.calls.length = 0
    await small.handle(names, two, testContext(), () => renamed('b'))
    expect(store.calls).toEqual(['append'])
    await small.handle(names, one, testContext(), () => renamed('b'))
    expect(store.calls).toEqual(['append', 'read', 'append'])
  })
})

describe('a stream with snapshots', () => {
  /** Restoring a name is taken for the snapshot: it stands for all names before it. */
  const folded: string[] = []
  const withSnapshots: Aggregate<readonly string[], WorkflowEvent> = {
    ...names,
    evolve: (state, event) => {
      folded.push(event.type)
      return names.evolve(state, event)
    },
    snapshotType: 'WorkflowDescribed',
    fromSnapshot: (event: RecordedEvent<WorkflowEvent>) =>
      event.type === 'WorkflowDescribed' ? [event.data.description] : [],
  }
  const snapshot: WorkflowEvent = { type: 'WorkflowDescribed', data: { description: 'snapshot' } }
  const write = (events: readonly WorkflowEvent[], context = testContext()) =>
    handler.handle(withSnapshots, id, context, () => events)

  beforeEach(() => {
    folded.length = 0
  })

  it('is folded from the last one only', async () => {
    await write([...renamed('a', 'b'), snapshot, ...renamed('c'), snapshot, ...renamed('d', 'e')])
    folded.length = 0
    expect(await handlerOver(store).load(withSnapshots, id)).toEqual({ state: ['snapshot', 'd', 'e'], revision: 6 })
    expect(folded).toEqual(['WorkflowRenamed', 'WorkflowRenamed'])
  })

  it('is found in a stream of many pages, and its chain goes on', async () => {
    await write([...renamed('a'), snapshot])
    for (let n = 0; n < 12; n += 1) await write(renamed(...Array.from({ length: 100 }, (_, i) => `${n}-${i}`)))
    const outcome = await handlerOver(store).handle(withSnapshots, id, testContext(), () => renamed('last'))
    expect(outcome).toMatchObject({ revision: 1202 })
    expect(outcome.state.slice(0, 2)).toEqual(['snapshot', '0-0'])
    expect(verifyChain(log.events)).toBeUndefined()
  })

  it('is loaded whole where there is none', async () => {
    await write(renamed('a', 'b'))
    expect(await handlerOver(store).load(withSnapshots, id)).toEqual({ state: ['a', 'b'], revision: 1 })
  })

  it('still knows the commands from before it', async () => {
    const context = keyed('body')
    await write(renamed('a'), context)
    await write([snapshot])
    await write(renamed('b'))
    const again = await handlerOver(store).handle(withSnapshots, id, context, () => renamed('ignored'))
    expect(again).toMatchObject({ replayed: true, revision: 0, state: ['a'] })
    expect(again.events).toHaveLength(1)
  })
})

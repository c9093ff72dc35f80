import { BACKWARDS, END, type EventData } from '@eventstore/db-client'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { checkEventStore } from '../../../src/embedded/eventstore/operations/check.js'
import { requestScavenge } from '../../../src/embedded/eventstore/operations/requestScavenge.js'
import { collect, numbered } from '../../support/eventstore/events.js'
import {
  emptyModel,
  type ModelStream,
  modelAppend,
  modelDelete,
  modelMetadata,
  modelRead,
  modelTombstone,
  type Outcome,
} from '../../support/eventstore/model.js'
import { newStream, startTestServer, type TestServer } from '../../support/eventstore/server.js'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ mappedMemory: 0 })
})
afterAll(() => server.stop())

const expected = fc.oneof(
  fc.constantFrom('any' as const, 'no_stream' as const, 'stream_exists' as const),
  fc.nat(12).map((revision) => BigInt(revision)),
)
const command = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('append' as const), count: fc.integer({ min: 0, max: 3 }), expected }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('repeat' as const), expected }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('metadata' as const),
      maxCount: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
      truncateBefore: fc.option(fc.nat(8), { nil: undefined }),
    }),
  },
)
const commands = fc.tuple(
  fc.array(command, { minLength: 1, maxLength: 14 }),
  fc.constantFrom('leave', 'tombstone', 'scavenge'),
)

const outcomeOf = async (call: Promise<{ nextExpectedRevision?: bigint }>): Promise<Outcome> => {
  try {
    const { nextExpectedRevision } = await call
    return nextExpectedRevision === undefined ? 'done' : Number(nextExpectedRevision)
  } catch (error) {
    return (error as { type: Outcome }).type
  }
}

const readBoth = async (stream: string): Promise<Outcome | string[]> => {
  const ids = async (options: object) =>
    (await collect(server.client.readStream(stream, options))).map(({ event }) => event!.id)
  try {
    const forwards = await ids({})
    expect((await ids({ direction: BACKWARDS, fromRevision: END })).reverse()).toEqual(forwards)
    return forwards
  } catch (error) {
    if (!(error as { type?: string }).type) throw error
    return (error as { type: Outcome }).type
  }
}

test('any order of appends, repeats, deletes and metadata reads as the rules say', async () => {
  const { client } = server
  await fc.assert(
    fc.asyncProperty(commands, async ([steps, ending]) => {
      const stream = newStream()
      let model: ModelStream = emptyModel()
      let previous: EventData[] = []
      for (const step of steps) {
        if (step.kind === 'append' || step.kind === 'repeat') {
          const events = step.kind === 'append' ? numbered(step.count) : previous
          const wanted = modelAppend(
            model,
            events.map(({ id }) => id),
            step.expected,
          )
          expect(await outcomeOf(client.appendToStream(stream, events, { expectedRevision: step.expected }))).toEqual(
            wanted.outcome,
          )
          model = wanted.next
          if (events.length > 0) previous = events
        } else if (step.kind === 'delete') {
          const wanted = modelDelete(model)
          expect(await outcomeOf(client.deleteStream(stream) as never)).toBe(wanted.outcome)
          model = wanted.next
        } else {
          const { maxCount, truncateBefore } = step
          await client.setStreamMetadata(stream, {
            ...(maxCount === undefined ? {} : { maxCount }),
            ...(truncateBefore === undefined ? {} : { truncateBefore }),
          })
          model = modelMetadata(model, maxCount, truncateBefore)
        }
        expect(await readBoth(stream)).toEqual(modelRead(model))
      }
      if (ending === 'scavenge') {
        await requestScavenge(server.store.connectionString)
        expect(await readBoth(stream)).toEqual(modelRead(model))
      }
      if (ending !== 'tombstone') return
      await client.tombstoneStream(stream)
      model = modelTombstone(model)
      expect(await readBoth(stream)).toEqual(modelRead(model))
      expect(await outcomeOf(client.appendToStream(stream, numbered(1)))).toBe('stream-deleted')
    }),
    { numRuns: 60 },
  )
  expect((await checkEventStore(server.directory)).problems).toEqual([])
})

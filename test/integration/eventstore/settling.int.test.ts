import { copyFileSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { open } from 'lmdb'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openDatabase } from '../../../src/embedded/eventstore/log/database.js'
import { SETTLING_LIMITS } from '../../../src/embedded/eventstore/log/groupCommit.js'
import { createJournalFile, journalPath, startOfHalf } from '../../../src/embedded/eventstore/log/journalFile.js'
import { BLOCK } from '../../../src/embedded/eventstore/log/journalFrame.js'
import { type Log, openLog } from '../../../src/embedded/eventstore/log/openLog.js'
import { eventIdOf, type NewEvent } from '../../../src/embedded/eventstore/log/record.js'
import { backupEventStore } from '../../../src/embedded/eventstore/operations/backup.js'
import { checkEventStore } from '../../../src/embedded/eventstore/operations/check.js'
import { scavenge } from '../../../src/embedded/eventstore/operations/scavenge.js'
import { metadataEvent } from '../../../src/embedded/eventstore/streams/appendEvents.js'
import { stageDelete, stageTombstone } from '../../../src/embedded/eventstore/streams/deleteStream.js'
import { deliver, LINK_TYPE } from '../../../src/embedded/eventstore/streams/links.js'
import { visitAllForwards } from '../../../src/embedded/eventstore/streams/visitRecords.js'
import { rejection } from '../../support/eventstore/events.js'
import { append, DIRECT, NEVER, newLogEvents, shownBy } from '../../support/eventstore/logUnderTest.js'

let root: string
let directory: string
const opened: Log[] = []
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'eventstore-settling-'))
  directory = join(root, 'store')
})
afterEach(async () => {
  for (const log of opened.splice(0)) await log.close()
  rmSync(root, { recursive: true, force: true })
})

const openAt = async (path: string, limits = NEVER) => {
  const log = await openLog(path, { limits })
  opened.push(log)
  return log
}
const close = async (log: Log) => {
  opened.splice(opened.indexOf(log), 1)
  await log.close()
}

/** The files as a process leaves them that is killed now. */
const crashCopy = (from: string, to: string) => {
  cpSync(from, to, { recursive: true, filter: (path) => !path.endsWith('lock.mdb') })
  return to
}

const STREAMS = ['a', 'b', 'c']
const stream = fc.constantFrom(...STREAMS)
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      stream,
      count: fc.integer({ min: 1, max: 3 }),
      expected: fc.oneof(fc.constantFrom('any' as const, 'no_stream' as const, 'stream_exists' as const), fc.nat(9)),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('repeat' as const), stream, expected: fc.nat(9) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('metadata' as const), stream, maxCount: fc.integer({ min: 1, max: 4 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), stream }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('tombstone' as const), stream }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('remember' as const), key: fc.constantFrom('group/x', 'group/y', 'z') }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('forget' as const), key: fc.constantFrom('group/x', 'group/y', 'z') }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('settle' as const), wait: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('scavenge' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash' as const) }) },
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/** Applies one step and says what came of it. `events` are the same for every log that takes the step. */
async function take(log: Log, step: Step, events: ReturnType<typeof newLogEvents>): Promise<unknown> {
  const { writer, store } = log
  const key = (text: string) => Buffer.from(text)
  switch (step.kind) {
    case 'append':
    case 'repeat':
      return append(log, step.stream, events, step.expected)
    case 'metadata': {
      const data = Buffer.from(`{"$maxCount":${step.maxCount}}`)
      const event = { ...metadataEvent(data), id: events[0]?.id as string }
      return writer.write((staging) => staging.append(`$$${step.stream}`, event))
    }
    case 'delete':
      return (await writer.write((staging) => stageDelete(staging, step.stream, 'any'))).kind
    case 'tombstone':
      return (await writer.write((staging) => stageTombstone(staging, step.stream, 'any'))).kind
    case 'remember':
      return writer.write((staging) => staging.setMeta(key(step.key), key(events[0]?.id as string)))
    case 'forget':
      return writer.write((staging) => staging.setMeta(key(step.key), undefined))
    case 'scavenge':
      return scavenge(store, writer)
    default:
      return undefined
  }
}

const seen = (log: Log, page: number) => ({
  ...shownBy(log, [...STREAMS, ...STREAMS.map((name) => `$$${name}`)], page),
  groups: log.store.view.metaValues('group/').map(String).sort(),
  z: log.store.view.meta(Buffer.from('z'))?.toString(),
})

test('readers see the same, whether groups are settled, being settled or not', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 25 }),
      fc.integer({ min: 1, max: 7 }),
      async (steps, page) => {
        const home = mkdtempSync(join(root, 'run-'))
        let path = join(home, 'log')
        let log = await openAt(path)
        const plain = await openAt(join(home, 'plain'), DIRECT)
        let events = newLogEvents(1)
        for (const [index, each] of steps.entries()) {
          if (each.kind !== 'repeat') events = newLogEvents(each.kind === 'append' ? each.count : 1)
          if (each.kind === 'settle') {
            const settled = log.writer.settle()
            if (each.wait) await settled
          } else if (each.kind === 'crash') {
            // Files are copied one after the other, so nothing may be in the middle of being settled.
            await log.writer.settle()
            await append(log, 'late', events)
            await append(plain, 'late', events)
            path = crashCopy(path, join(home, `log-${index}`))
            await close(log)
            log = await openAt(path)
          }
          expect(await take(log, each, events)).toEqual(await take(plain, each, events))
          expect(seen(log, page)).toEqual(seen(plain, page))
        }
        await close(log)
        await close(plain)
        expect(await checkEventStore(path)).toEqual(await checkEventStore(join(home, 'plain')))
        expect((await checkEventStore(path)).problems).toEqual([])
        rmSync(home, { recursive: true, force: true })
      },
    ),
    { numRuns: 25 },
  )
}, 120_000)

test('a link and its target are both whole when neither is in memory', async () => {
  const [target, link, other] = newLogEvents(3) as [NewEvent, NewEvent, NewEvent]
  const before = await openAt(directory, DIRECT)
  await append(before, 'a', [target])
  await append(before, 'links', [{ ...link, type: LINK_TYPE, data: Buffer.from('0@a') }])
  await append(before, 'b', [other])
  await close(before)
  const { store } = await openAt(directory)
  const delivered: (string | undefined)[][] = []
  const idOf = (record: Buffer | undefined) => record && eventIdOf(record)
  const { ended } = visitAllForwards(store, 1, 10, (found) => {
    const { event, link: via } = deliver(store, found, true)
    delivered.push([idOf(event), idOf(via)])
    return true
  })
  expect(ended).toBe(true)
  expect(delivered).toEqual([
    [target.id, undefined],
    [target.id, link.id],
    [other.id, undefined],
  ])
})

/** A log with settled groups, one in each half of the journal that are not, and every kind of stream among them. */
async function halfSettled() {
  const log = await openAt(directory)
  await append(log, 'old', newLogEvents(3))
  await append(log, 'dead', newLogEvents(2))
  await log.writer.settle()
  for (let group = 0; group < 20; group++) await append(log, group % 2 ? 'old' : `new-${group}`, newLogEvents(2))
  await log.writer.write((staging) => staging.append('$$old', metadataEvent(Buffer.from('{"$maxCount":9}'))))
  await log.writer.write((staging) => stageTombstone(staging, 'dead', 'any'))
  await log.writer.write((staging) => staging.setMeta(Buffer.from('group/g'), Buffer.from('settings')))
  return log
}
const NAMES = ['old', 'dead', '$$old', ...Array.from({ length: 10 }, (_, index) => `new-${index * 2}`)]

test('what was answered is there after a kill, in its order', async () => {
  const log = await halfSettled()
  const recovered = await openAt(crashCopy(directory, join(root, 'killed')))
  expect(shownBy(recovered, NAMES)).toEqual(shownBy(log, NAMES))
  expect(recovered.store.view.metaValues('group/').map(String)).toEqual(['settings'])
  expect(recovered.store.view.unsettled.isEmpty).toBe(true)
  expect((await append(recovered, 'old', newLogEvents(1), 22)).kind).toBe('written')
})

test('a data file as it was when it was last flushed, and the journal of now, are the whole log', async () => {
  const log = await openAt(directory)
  const old = join(root, 'old.mdb')
  for (let round = 0; round < 5; round++) {
    await append(log, 'stream', newLogEvents(2))
    await log.writer.settle()
    copyFileSync(join(directory, 'data.mdb'), old)
    for (let group = 0; group < 5; group++) await append(log, `stream-${round}`, newLogEvents(1))
    // The power goes while these are being settled: their groups and the next ones stand in the two halves.
    const settling = log.writer.settle()
    await append(log, 'stream', newLogEvents(1))
    const shown = shownBy(log, ['stream', `stream-${round}`])
    const lost = crashCopy(directory, join(root, `lost-${round}`))
    await settling
    copyFileSync(old, join(lost, 'data.mdb'))
    const recovered = await openAt(lost)
    expect(shownBy(recovered, ['stream', `stream-${round}`])).toEqual(shown)
    await close(recovered)
    expect((await checkEventStore(lost)).problems).toEqual([])
  }
})

test('a group that is being written when older ones begin to be settled is lost with none of them', async () => {
  const log = await openAt(directory)
  const old = join(root, 'old.mdb')
  for (let round = 0; round < 10; round++) {
    await append(log, 'older', newLogEvents(1))
    const written = append(log, 'between', newLogEvents(1))
    for (let turn = 0; turn <= round % 3; turn++) await new Promise(setImmediate)
    await log.writer.settle()
    await written
    copyFileSync(join(directory, 'data.mdb'), old)
    const settling = log.writer.settle()
    for (let group = 0; group < 3; group++) await append(log, 'newer', newLogEvents(1))
    const shown = shownBy(log, ['older', 'between', 'newer'])
    const lost = crashCopy(directory, join(root, `lost-${round}`))
    await settling
    copyFileSync(old, join(lost, 'data.mdb'))
    const recovered = await openAt(lost)
    expect(shownBy(recovered, ['older', 'between', 'newer'])).toEqual(shown)
    await close(recovered)
  }
})

test('a stream that is not settled is known, however many others were looked at since', async () => {
  const log = await openAt(directory)
  await append(log, 'stream', newLogEvents(2))
  await append(log, '$$limited', [metadataEvent(Buffer.from('{"$maxCount":3}'))])
  for (let other = 0; other < 17_000; other++) log.store.state(`other-${other}`)
  expect(log.store.state('stream')).toMatchObject({ id: 1, last: 1 })
  expect(log.store.peekState('limited')).toMatchObject({ last: -1, hasMetadata: true, metadata: { maxCount: 3 } })
  expect((await append(log, 'stream', newLogEvents(1), 1)).kind).toBe('written')
})

test('a clean stop leaves nothing in the journal', async () => {
  const log = await halfSettled()
  const shown = shownBy(log, NAMES)
  await close(log)
  await backupEventStore(directory, join(root, 'copy'))
  rmSync(journalPath(directory))
  expect(shownBy(await openAt(join(root, 'copy')), NAMES)).toEqual(shown)
})

test('a group for which the journal has no room waits until older ones are settled', async () => {
  const log = await openAt(directory)
  for (let written = 0; written < 40; written++) await append(log, 'big', newLogEvents(1, 500_000))
  expect(log.store.state('big').last).toBe(39)
  const recovered = await openAt(crashCopy(directory, join(root, 'killed')))
  expect(shownBy(recovered, ['big'])).toEqual(shownBy(log, ['big']))
})

test('groups are settled by themselves, soon and when they are many', async () => {
  const log = await openAt(directory, { ...SETTLING_LIMITS, delay: 2 ** 30, bytes: 10_000 })
  const until = async (condition: () => boolean) => {
    while (!condition()) await new Promise(setImmediate)
  }
  await append(log, 'stream', newLogEvents(1, 20_000))
  await until(() => log.store.view.unsettled.isEmpty)
  await close(log)
  const soon = await openAt(directory, { ...NEVER, delay: 1 })
  await append(soon, 'stream', newLogEvents(1))
  await until(() => soon.store.view.unsettled.isEmpty)
})

test('a check and a backup see what is only in the journal', async () => {
  const log = await halfSettled()
  const { events, problems } = await checkEventStore(directory)
  expect(problems).toEqual([])
  expect(events).toBe(log.store.head)
  await backupEventStore(directory, join(root, 'copy'))
  expect(existsSync(journalPath(join(root, 'copy')))).toBe(false)
  expect((await checkEventStore(join(root, 'copy'))).events).toBe(log.store.head)
  expect(shownBy(await openAt(join(root, 'copy')), NAMES)).toEqual(shownBy(log, NAMES))
})

test('a store without its journal, or with that of another store, is not opened', async () => {
  await halfSettled()
  const bare = crashCopy(directory, join(root, 'bare'))
  rmSync(journalPath(bare))
  expect(await rejection(openLog(bare))).toMatchObject({ code: 'torn-data' })
  expect(await rejection(checkEventStore(bare))).toMatchObject({ code: 'torn-data' })
  createJournalFile(bare)
  expect(await rejection(openLog(bare))).toMatchObject({ code: 'foreign-data' })
  expect(await rejection(backupEventStore(bare, join(root, 'copy')))).toMatchObject({ code: 'foreign-data' })
})

test('a backup that is put beside an older journal opens, and that journal is gone', async () => {
  const log = await halfSettled()
  await backupEventStore(directory, join(root, 'copy'))
  const shown = shownBy(log, NAMES)
  await append(log, 'old', newLogEvents(5))
  const restored = crashCopy(directory, join(root, 'restored'))
  copyFileSync(join(root, 'copy', 'data.mdb'), join(restored, 'data.mdb'))
  const first = await openAt(restored)
  expect(shownBy(first, NAMES)).toEqual(shown)
  await append(first, 'old', newLogEvents(1))
  const again = shownBy(first, NAMES)
  expect(shownBy(await openAt(crashCopy(restored, join(root, 'killed'))), NAMES)).toEqual(again)
})

/** The warnings of this process while `work` runs. */
async function warningsOf(work: () => Promise<unknown>): Promise<string[]> {
  const messages: string[] = []
  const listener = ({ message }: Error) => messages.push(message)
  process.on('warning', listener)
  await work()
  await new Promise(setImmediate)
  process.off('warning', listener)
  return messages
}

/** Where the frame of the last group of 5,000 bytes begins, behind one block for each group before it. */
const START = startOfHalf(0) + 2 * BLOCK
const ends: [string, (file: Buffer) => Buffer, boolean][] = [
  ['a whole frame', (file) => file, false],
  ['a frame of which nothing was written', (file) => file.fill(0, START), false],
  ['a frame of which the first block was written', (file) => file.fill(0, START + BLOCK), true],
  ['a frame that has a damaged byte', (file) => file.fill(0xff, START + 2_000, START + 2_001), true],
  ['a frame that has a damaged mark', (file) => file.fill(0xff, START, START + 1), true],
]

test.each(ends)('a journal that ends in %s', async (_, change, isTold) => {
  const log = await openAt(directory)
  for (const stream of ['a', 'b']) await append(log, stream, newLogEvents(1))
  const before = shownBy(log, ['a', 'b', 'c'])
  await append(log, 'c', newLogEvents(1, 5_000))
  const after = shownBy(log, ['a', 'b', 'c'])
  const killed = crashCopy(directory, join(root, 'killed'))
  const journal = readFileSync(journalPath(killed))
  writeFileSync(journalPath(killed), change(Buffer.from(journal)))
  const isWhole = change(Buffer.from(journal)).equals(journal)

  const told = isTold ? [expect.stringMatching(`not whole.*: group 3, 5\\d{3} bytes from byte ${START} on\\.`)] : []
  expect((await checkEventStore(killed)).problems).toEqual(told)
  expect(await warningsOf(() => backupEventStore(killed, join(root, 'copy')))).toEqual(told)
  expect(
    await warningsOf(async () =>
      expect(shownBy(await openAt(killed), ['a', 'b', 'c'])).toEqual(isWhole ? after : before),
    ),
  ).toEqual(told)
})

test('a check does not take a frame that is being written for one that is not whole', async () => {
  const log = await openAt(directory)
  await append(log, 'a', newLogEvents(1, 5_000))
  const killed = crashCopy(directory, join(root, 'killed'))
  const journal = readFileSync(journalPath(killed))
  writeFileSync(journalPath(killed), Buffer.from(journal).fill(0, startOfHalf(0) + BLOCK))
  const checked = checkEventStore(killed)
  writeFileSync(journalPath(killed), journal)
  expect(await checked).toMatchObject({ events: 1, problems: [] })
})

/** Makes a store of the directory what the program before the journal would have left. */
async function downgrade() {
  const database = openDatabase(directory)
  await database.meta.put(Buffer.from('format'), Buffer.from('embedded-eventstore/1'))
  for (const key of ['journal', 'settled']) await database.meta.remove(Buffer.from(key))
  await database.close()
  rmSync(journalPath(directory))
}

test('a store from before the journal is read as it is, and gets one when it is opened to be written', async () => {
  const log = await halfSettled()
  const shown = shownBy(log, NAMES)
  await close(log)
  await downgrade()
  expect(await checkEventStore(directory)).toMatchObject({ events: shown.head, problems: [] })
  expect(existsSync(journalPath(directory))).toBe(false)
  const upgraded = await openAt(directory)
  expect(shownBy(upgraded, NAMES)).toEqual(shown)
  await append(upgraded, 'old', newLogEvents(1))
  const recovered = await openAt(crashCopy(directory, join(root, 'killed')))
  expect(recovered.store.head).toBe(shown.head + 1)
  const raw = open<Buffer, Buffer>({
    path: join(root, 'killed'),
    noSubdir: false,
    encoding: 'binary',
    keyEncoding: 'binary',
    maxDbs: 8,
  })
  expect(raw.openDB('meta', { encoding: 'binary', keyEncoding: 'binary' }).get(Buffer.from('format'))?.toString()).toBe(
    'embedded-eventstore/2',
  )
  await raw.close()
})

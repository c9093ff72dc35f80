import { closeSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openJournal } from '../../../src/embedded/eventstore/log/journal.js'
import {
  createJournalFile,
  HALF_SIZE,
  journalPath,
  readJournalFile,
  startOfHalf,
} from '../../../src/embedded/eventstore/log/journalFile.js'
import { BLOCK, encodeFrame, frameSize, readFrames } from '../../../src/embedded/eventstore/log/journalFrame.js'
import type { LogGroup } from '../../../src/embedded/eventstore/log/logGroup.js'
import { readUnsettled } from '../../../src/embedded/eventstore/log/recovery.js'
import type { SettledMark } from '../../../src/embedded/eventstore/log/settledMark.js'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'eventstore-journal-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const bytes = (most: number) => fc.uint8Array({ maxLength: most }).map((array) => Buffer.from(array))
const metaWrite = fc.record({ key: bytes(40), value: fc.option(bytes(100), { nil: undefined }) })
const content = fc.record({
  records: fc.array(bytes(3_000), { maxLength: 5 }),
  metaWrites: fc.array(metaWrite, { maxLength: 3 }),
})
type Content = Pick<LogGroup, 'records' | 'metaWrites'>

/** Groups that follow each other, from number `first` on. */
const numberedGroups = (contents: readonly Content[], first = 1): LogGroup[] => {
  let position = 1
  return contents.map((each, index) => {
    const group = { ...each, sequence: first + index, position }
    position += each.records.length
    return group
  })
}

const unsettled = (mark: SettledMark) => readUnsettled(directory, mark)

const small = (sequence: number, size = 10): LogGroup => ({
  sequence,
  position: sequence,
  records: [Buffer.alloc(size, sequence)],
  metaWrites: [],
})

function flipByte(at: number, flip: number): void {
  const file = openSync(journalPath(directory), 'r+')
  const byte = Buffer.alloc(1)
  readSync(file, byte, 0, 1, at)
  writeSync(file, Buffer.of((byte[0] as number) ^ flip), 0, 1, at)
  closeSync(file)
}

async function journalOf(groups: readonly LogGroup[], switchBefore: readonly number[] = [], quick?: number) {
  const id = createJournalFile(directory)
  const journal = openJournal(directory, id, quick)
  for (const group of groups) {
    if (switchBefore.includes(group.sequence)) journal.switchHalf()
    await journal.append(group)
  }
  journal.close()
  return id
}

describe('a frame', () => {
  test('tells the group it was made of', () => {
    fc.assert(
      fc.property(content, fc.nat(2 ** 40), (each, sequence) => {
        const group = { ...each, sequence, position: sequence * 2 }
        const target = Buffer.alloc(64 * 1024, 255)
        const id = Buffer.alloc(16, 3)
        encodeFrame(group, id, target)
        expect(readFrames(target, id)).toEqual({ groups: [group], broken: [] })
        expect(readFrames(target, Buffer.alloc(16, 4))).toEqual({ groups: [], broken: [] })
      }),
    )
  })

  test('within an event is no frame without the id of the journal, which nobody knows', () => {
    const forged = Buffer.alloc(BLOCK)
    encodeFrame(small(9), Buffer.alloc(16), forged)
    const target = Buffer.alloc(4 * BLOCK)
    // A frame at the beginning of every block that the event touches, as if its sender knew where it will stand.
    const record = Buffer.concat([Buffer.alloc(BLOCK - 52), forged, forged])
    encodeFrame({ sequence: 1, position: 1, records: [record], metaWrites: [] }, Buffer.alloc(16, 1), target)
    target[BLOCK - 1] = 1
    expect(readFrames(target, Buffer.alloc(16, 1))).toMatchObject({ groups: [], broken: [{ at: 0, sequence: 1 }] })
  })
})

const disks = [
  { name: 'whose disk is quick', quick: Number.POSITIVE_INFINITY },
  { name: 'whose disk is slow', quick: 0 },
]

describe.each(disks)('a journal $name', ({ quick }) => {
  test('gives what was written to it, over both of its halves', async () => {
    const groups = [1, 2, 3, 4, 5].map((sequence) => small(sequence, 5_000))
    const id = await journalOf(groups, [3], quick)
    expect(unsettled({ journalId: id, settled: 0 })).toEqual({ groups, cut: undefined })
    expect(unsettled({ journalId: id, settled: 3 }).groups).toEqual(groups.slice(3))
    expect(unsettled({ journalId: id, settled: 7 }).groups).toEqual([])
  })

  test('uses its halves again, over older frames of any size', async () => {
    const rounds = fc.array(fc.array(fc.nat(20_000), { minLength: 1, maxLength: 5 }), { maxLength: 5 })
    const id = createJournalFile(directory)
    let sequence = 0
    await fc.assert(
      fc.asyncProperty(rounds, async (sizesOfRounds) => {
        const journal = openJournal(directory, id, quick)
        let previous: LogGroup[] = []
        for (const sizes of sizesOfRounds) {
          journal.switchHalf()
          const written: LogGroup[] = []
          for (const size of sizes) {
            const group = small(++sequence, size)
            await journal.append(group)
            written.push(group)
          }
          const settled = sequence - written.length - previous.length
          expect(unsettled({ journalId: id, settled })).toEqual({ groups: [...previous, ...written], cut: undefined })
          previous = written
        }
        journal.close()
      }),
      { numRuns: 10 },
    )
  }, 60_000)
})

describe('a journal', () => {
  test('knows when a half is full', async () => {
    const journal = openJournal(directory, createJournalFile(directory))
    const group = small(1, HALF_SIZE / 2 - 2 * BLOCK)
    expect(journal.hasRoomFor(group)).toBe(true)
    await journal.append(group)
    await journal.append(group)
    expect(journal.used).toBeLessThan(HALF_SIZE)
    expect(journal.hasRoomFor(group)).toBe(false)
    journal.switchHalf()
    expect(journal.hasRoomFor(group)).toBe(true)
    journal.close()
  })

  test('with a flipped byte gives a beginning of what was written and tells where it ends, or is refused', async () => {
    const id = createJournalFile(directory)
    let settled = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(content, { minLength: 1, maxLength: 6 }),
        fc.nat(),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async (contents, which, where, flip) => {
          const groups = numberedGroups(contents, settled + 1)
          const damaged = which % groups.length
          const journal = openJournal(directory, id)
          let startOfDamaged = startOfHalf(0)
          for (const [index, group] of groups.entries()) {
            if (index === damaged) startOfDamaged += journal.used
            await journal.append(group)
          }
          journal.close()
          const offset = where % frameSize(groups[damaged] as LogGroup)
          flipByte(startOfDamaged + offset, flip)
          // What stood there before is settled, as it is when a half is used again.
          const mark = { journalId: id, settled }
          settled += groups.length
          if (damaged < groups.length - 1) {
            expect(() => unsettled(mark)).toThrow(expect.objectContaining({ code: 'torn-data' }))
          } else {
            const { groups: found, cut } = unsettled(mark)
            expect(found).toEqual(groups.slice(0, damaged))
            // A number that is damaged may be that of an older group, whose frames don't matter.
            if (offset < 28 || offset > 33) expect(cut?.at).toBe(startOfDamaged)
          }
        },
      ),
      { numRuns: 30 },
    )
  }, 60_000)

  test('that ends within its last frame has lost that one only, and tells what is left of it', async () => {
    const groups = [1, 2, 3].map((sequence) => small(sequence, 9_000))
    const id = await journalOf(groups)
    const file = readFileSync(journalPath(directory))
    const start = startOfHalf(0) + 6 * BLOCK
    for (const kept of [0, 100, BLOCK, 2 * BLOCK]) {
      const torn = Buffer.from(file)
      torn.fill(0, start + kept)
      writeFileSync(journalPath(directory), torn)
      expect(unsettled({ journalId: id, settled: 0 })).toEqual({
        groups: groups.slice(0, 2),
        cut: kept === 0 ? undefined : { at: start, size: frameSize(groups[2] as LogGroup), sequence: 3 },
      })
    }
  })

  test('whose torn frame was followed by others, from its beginning on, tells of it no more', async () => {
    const id = await journalOf([small(1), small(2)])
    flipByte(startOfHalf(0) + BLOCK + 50, 1)
    expect(unsettled({ journalId: id, settled: 1 })).toMatchObject({ groups: [], cut: { sequence: 2 } })
    const journal = openJournal(directory, id)
    await journal.append(small(2))
    journal.close()
    expect(unsettled({ journalId: id, settled: 1 })).toEqual({ groups: [small(2)], cut: undefined })
  })

  const damages: [string, (file: Buffer) => Buffer, string][] = [
    [
      'lacks a group between two',
      (file) => file.fill(0, startOfHalf(0) + BLOCK, startOfHalf(0) + 2 * BLOCK),
      'torn-data',
    ],
    [
      'lacks the first group of its second half',
      (file) => file.fill(0, startOfHalf(1), startOfHalf(1) + BLOCK),
      'torn-data',
    ],
    ['is cut', (file) => file.subarray(0, file.length - 1), 'torn-data'],
    ['is empty', () => Buffer.alloc(0), 'torn-data'],
    ['is something else', (file) => file.fill(32, 0, BLOCK), 'torn-data'],
    ['belongs to another store', (file) => file.fill(1, 30, 46), 'foreign-data'],
  ]
  test.each(damages)('that %s is refused', async (_, damage, code) => {
    const id = await journalOf(
      [1, 2, 3, 4, 5].map((sequence) => small(sequence)),
      [4],
    )
    writeFileSync(journalPath(directory), damage(readFileSync(journalPath(directory))))
    expect(() => unsettled({ journalId: id, settled: 0 })).toThrow(expect.objectContaining({ code }))
  })

  test('that is missing is refused', () => {
    expect(() => readJournalFile(directory, Buffer.alloc(16))).toThrow(/journal is missing/)
  })
})

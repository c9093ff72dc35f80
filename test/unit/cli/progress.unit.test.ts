import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rebuildNote } from '../../../src/cli/projections/rebuildNote.js'
import { barLength, createProgressBars, type Progress } from '../../../src/cli/terminal/progressBar.js'
import { shortBytes, shortDuration } from '../../../src/cli/terminal/quantities.js'
import type { Rebuild, RebuildState } from '../../../src/projections/operations/projectionOperations.js'

const rebuild = (state: RebuildState, more: Partial<Rebuild> = {}): Rebuild => ({
  id: 'r',
  projection: 'executions',
  state,
  generation: 2,
  fromGeneration: 1,
  processed: 1_234_567,
  eventsPerSecond: 45_678.4,
  bytes: 123_456_789,
  progress: 0.5,
  etaSeconds: null,
  position: '1',
  targetPosition: '2',
  startedAt: '2026-03-01T12:00:00.000Z',
  finishedAt: null,
  keepUntil: null,
  swapMs: null,
  verification: null,
  error: null,
  startedBy: { kind: 'apiKey', id: 'k', name: 'k' },
  ...more,
})

describe('durations', () => {
  it.each([
    [0.1, '1 s'],
    [45, '45 s'],
    [90, '90 s'],
    [90.5, '2 min'],
    [3_600, '60 min'],
    [7_200, '2 h'],
    [7_201, '2 h 1 min'],
  ])('%d s is %s', (seconds, said) => expect(shortDuration(seconds)).toBe(said))

  it('are never said shorter than they are, nor by more than a minute longer', () => {
    const units: Readonly<Record<string, number>> = { h: 3_600, min: 60, s: 1 }
    const secondsOf = (said: string): number =>
      [...said.matchAll(/(\d+) (h|min|s)/g)].reduce((sum, [, n, unit]) => sum + Number(n) * (units[unit ?? ''] ?? 0), 0)
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e7, noNaN: true }), (seconds) => {
        const said = secondsOf(shortDuration(seconds))
        expect(said).toBeGreaterThanOrEqual(seconds)
        expect(said - seconds).toBeLessThan(60)
      }),
    )
  })
})

describe('sizes', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1_500, '1.5 kB'],
    [999_499, '999 kB'],
    [999_500, '1.0 MB'],
    [20_400_000, '20 MB'],
    [1.5e9, '1.5 GB'],
    [2e13, '20000 GB'],
  ])('%d bytes are %s', (bytes, said) => expect(shortBytes(bytes)).toBe(said))
})

describe('the note beside the bar of a rebuild', () => {
  it('says first how long it takes, then how much that is', () => {
    expect(rebuildNote(rebuild('replaying', { etaSeconds: 100.2 }))).toBe(
      'replaying, 2 min to go, 1234567 events, 45678/s, 123 MB',
    )
  })

  it('says nothing of a time that is not known yet, or over', () => {
    const said = 'replaying, 1234567 events, 45678/s, 123 MB'
    expect(rebuildNote(rebuild('replaying'))).toBe(said)
    expect(rebuildNote(rebuild('replaying', { etaSeconds: 0 }))).toBe(said)
  })

  it.each(['paused', 'catching_up', 'swapped'] as const)('has no pace where nothing is replayed: %s', (state) => {
    expect(rebuildNote(rebuild(state, { etaSeconds: 5 }))).toBe(`${state}, 1234567 events, 123 MB`)
  })
})

/** What a terminal so many columns wide is sent. */
const drawn = async (columns: number, labels: readonly string[], progress: readonly Progress[]): Promise<string[]> => {
  const stream = Object.assign(new PassThrough(), { isTTY: true as const, columns })
  const sent = text(stream)
  const bars = createProgressBars(labels, stream)
  for (const [index, each] of progress.entries()) bars.update(index, each)
  bars.stop()
  stream.end()
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what a terminal is sent.
  return (await sent).replaceAll(/\u001b\[[?\d;]*[A-Za-z]/g, '').split('\n')
}

describe('bars', () => {
  it('stand under each other, whatever their labels and percentages', async () => {
    const lines = await drawn(
      120,
      ['workflows', 'executions'],
      [
        { done: 0.05, note: 'a' },
        { done: 1, note: 'b' },
      ],
    )
    expect(lines.slice(-3)).toEqual([
      `workflows  [==${'-'.repeat(38)}]   5 % a`,
      `executions [${'='.repeat(40)}] 100 % b`,
      '',
    ])
  })

  it('are shorter on a terminal of 80 columns, where the time that is left can be read', async () => {
    const note = rebuildNote(rebuild('replaying', { etaSeconds: 100.2 }))
    const [line] = (await drawn(80, ['executions'], [{ done: 0.5, note }])).slice(-2)
    expect(line).toBe('executions [=====-----]  50 % replaying, 2 min to go, 1234567 events, 45678/s, 1')
  })

  it('are 10 to 40 long, and leave the note its place wherever there is any', () => {
    fc.assert(
      fc.property(fc.nat(400), fc.nat(40), (columns, label) => {
        const length = barLength(columns, label)
        expect(length).toBeGreaterThanOrEqual(10)
        expect(length).toBeLessThanOrEqual(40)
        if (length > 10) expect(label + length + 10 + 56).toBeLessThanOrEqual(columns)
      }),
    )
  })

  it('are not drawn where nobody looks', async () => {
    const stream = new PassThrough()
    const sent = text(stream)
    const bars = createProgressBars(['executions'], stream)
    bars.update(0, { done: 1, note: 'x' })
    bars.stop()
    stream.end()
    expect(await sent).toBe('')
  })
})

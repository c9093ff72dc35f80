import { canonicalJson } from '../../domain/canonicalJson.js'
import { decodeEvent } from '../../domain/events/decodeEvent.js'
import type { RecordedEvent } from '../../domain/events/recordedEvent.js'
import type { EventStore } from '../../eventlog/eventStore.js'
import { plainFold } from '../fold/plainFold.js'
import { primaryKeyOf, type Row, type Table } from '../model/projection.js'
import type { Difference } from '../operations/projectionOperations.js'
import type { GenerationRef, GenerationStore } from '../store/projectionStore.js'

export interface Sample {
  readonly table: Table
  /** Streams of the table, as its owner column names them. */
  readonly owners: readonly string[]
  readonly rows: readonly Row[]
}

/** Rows of some streams as they are in the store now. */
export const takeSample = async (
  generations: GenerationStore,
  ref: GenerationRef,
  streams: number,
): Promise<readonly Sample[]> => {
  const samples: Sample[] = []
  for (const table of ref.projection.tables) {
    const owners = await generations.sampleOwners(ref, table, streams)
    samples.push({ table, owners, rows: owners.length === 0 ? [] : await generations.rowsOf(ref, table, owners) })
  }
  return samples
}

const keyOf = (table: Table, row: Row): string =>
  primaryKeyOf(table)
    .map((name) => String(row[name]))
    .join(' ')

/** A value as it is compared: absent payloads are nothing, positions are text, U+0000 is what PostgreSQL keeps of it. */
const comparable = (table: Table, name: string, value: unknown): string => {
  if (value === undefined) return ''
  if (typeof value === 'bigint') return String(value)
  const type = table.columns[name]?.type
  return canonicalJson(typeof value === 'string' && type !== 'json' ? value.replaceAll('\0', '\ufffd') : value)
}

const differingColumns = (table: Table, expected: Row, found: Row): string[] =>
  Object.keys(table.columns).filter((name) => {
    const { payload } = table.columns[name] as { payload: boolean }
    // A store gives null both for an absent payload and for JSON's null.
    const wanted = payload && (expected[name] ?? null) === null ? null : expected[name]
    const there = payload && (found[name] ?? null) === null ? null : found[name]
    return comparable(table, name, wanted) !== comparable(table, name, there)
  })

const keyColumns = (table: Table, row: Row): Record<string, string> =>
  Object.fromEntries(primaryKeyOf(table).map((name) => [name, String(row[name])]))

export const compareRows = (table: Table, expected: readonly Row[], found: readonly Row[]): Difference[] => {
  const there = new Map(found.map((row) => [keyOf(table, row), row]))
  const differences: Difference[] = []
  for (const row of expected) {
    const match = there.get(keyOf(table, row))
    there.delete(keyOf(table, row))
    if (match === undefined) {
      differences.push({ table: table.name, key: keyColumns(table, row), kind: 'missing' })
      continue
    }
    const columns = differingColumns(table, row, match)
    if (columns.length > 0)
      differences.push({ table: table.name, key: keyColumns(table, row), kind: 'different', columns })
  }
  for (const row of there.values())
    differences.push({ table: table.name, key: keyColumns(table, row), kind: 'unexpected' })
  return differences
}

/** The rows were read while the checkpoint went from `from` to `to`; equal when the feeder rested meanwhile. */
export interface SampledAt {
  readonly from: bigint | null
  readonly to: bigint | null
}

const isAfter = (position: bigint, limit: bigint | null): boolean => limit === null || position > limit

/** Undefined: the stream moved while the rows were read. */
const eventsOf = async (
  streams: Pick<EventStore, 'readStream'>,
  names: readonly string[],
  { from, to }: SampledAt,
): Promise<RecordedEvent[] | undefined> => {
  const events: RecordedEvent[] = []
  for (const name of names) {
    for await (const stored of streams.readStream(name)) {
      if (isAfter(stored.position, to)) break
      if (isAfter(stored.position, from)) return undefined
      events.push(decodeEvent(stored))
    }
  }
  return events
}

/** Folds the sampled streams from the log with the plain fold and the full parser, and compares. */
export const refold = async (
  streams: Pick<EventStore, 'readStream'>,
  prefixes: readonly string[],
  samples: readonly Sample[],
  at: SampledAt,
): Promise<{ readonly streams: number; readonly differences: readonly Difference[] }> => {
  const differences: Difference[] = []
  const seen = new Set<string>()
  for (const { table, owners, rows } of samples) {
    for (const owner of owners) {
      // Rows belong to a stream by its whole name, or by the id in it.
      const whole = prefixes.some((prefix) => owner.startsWith(prefix))
      const events = await eventsOf(streams, whole ? [owner] : prefixes.map((prefix) => `${prefix}${owner}`), at)
      if (events === undefined) continue
      seen.add(owner)
      const found = rows.filter((row) => String(row[table.owner]) === owner)
      differences.push(...compareRows(table, plainFold(table, events), found))
    }
  }
  return { streams: seen.size, differences }
}

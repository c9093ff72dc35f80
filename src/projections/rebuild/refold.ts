import { canonicalJson } from '../../domain/canonicalJson.js'
import { decodeEvent } from '../../domain/events/decodeEvent.js'
import type { RecordedEvent } from '../../domain/events/recordedEvent.js'
import type { EventStore } from '../../eventlog/eventStore.js'
import { plainFold } from '../fold/plainFold.js'
import { primaryKeyOf, type Row, type Table } from '../model/projection.js'
import type { Difference } from '../operations/projectionOperations.js'
import type { GenerationRef, GenerationStore } from '../store/projectionStore.js'

/** Some streams of a projection, and their rows in each of its tables. */
export interface Sample {
  /** As the owner columns name them. */
  readonly owners: readonly string[]
  readonly tables: readonly { readonly table: Table; readonly rows: readonly Row[] }[]
}

/** The first of each list, then the second of each, and so on, each once. */
const inTurn = (lists: readonly (readonly string[])[], limit: number): string[] => {
  const chosen = new Set<string>()
  const longest = Math.max(0, ...lists.map(({ length }) => length))
  for (let index = 0; index < longest; index += 1) {
    for (const list of lists) {
      const owner = list[index]
      if (owner !== undefined && chosen.size < limit) chosen.add(owner)
    }
  }
  return [...chosen]
}

/**
 * Rows of at most so many streams as they are in the store now. A stream that any table knows is looked up in all of them, so that a
 * row that only one of them lacks is missed there.
 */
export const takeSample = async (
  generations: GenerationStore,
  ref: GenerationRef,
  streams: number,
): Promise<Sample> => {
  const lists: (readonly string[])[] = []
  for (const table of ref.projection.tables) lists.push(await generations.sampleOwners(ref, table, streams))
  const owners = inTurn(lists, streams)
  const tables: { table: Table; rows: readonly Row[] }[] = []
  for (const table of ref.projection.tables) {
    tables.push({ table, rows: owners.length === 0 ? [] : await generations.rowsOf(ref, table, owners) })
  }
  return { owners, tables }
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

const byOwner = ({ table, rows }: Sample['tables'][number]): Map<string, Row[]> => {
  const grouped = new Map<string, Row[]>()
  for (const row of rows) {
    const owner = String(row[table.owner])
    const others = grouped.get(owner)
    if (others === undefined) grouped.set(owner, [row])
    else others.push(row)
  }
  return grouped
}

/** Folds the sampled streams from the log with the plain fold and the full parser, and compares. */
export const refold = async (
  streams: Pick<EventStore, 'readStream'>,
  prefixes: readonly string[],
  { owners, tables }: Sample,
  at: SampledAt,
  signal?: AbortSignal,
): Promise<{ readonly streams: number; readonly differences: readonly Difference[] }> => {
  const differences: Difference[] = []
  const found = tables.map((sampled) => ({ table: sampled.table, rows: byOwner(sampled) }))
  let compared = 0
  for (const owner of owners) {
    signal?.throwIfAborted()
    // Rows belong to a stream by its whole name, or by the id in it.
    const whole = prefixes.some((prefix) => owner.startsWith(prefix))
    const events = await eventsOf(streams, whole ? [owner] : prefixes.map((prefix) => `${prefix}${owner}`), at)
    if (events === undefined) continue
    compared += 1
    for (const { table, rows } of found) {
      differences.push(...compareRows(table, plainFold(table, events), rows.get(owner) ?? []))
    }
  }
  return { streams: compared, differences }
}

const MAX_ENTRIES = 131_072
const MIN_CAPACITY = 2_048
const LANES = 5

/** Where an event with a recently used id stands. */
interface RecentId {
  readonly streamId: number
  readonly revision: number
}

/**
 * Remembers the ids of the newest events, by which an append that expects no exact revision is known again. Bounded and
 * in memory, as on a real server: repeated appends at an exact revision are checked against storage instead.
 *
 * Two generations of open-addressed tables in typed arrays: about 3.5 MB when full, and nothing for the collector.
 */
export class RecentIds {
  private current = createTable(MIN_CAPACITY)
  private previous: Table | undefined

  add(id: string, streamId: number, revision: number): void {
    if (this.current.used * 2 >= this.current.capacity) this.makeRoom()
    insert(this.current, parseId(id), streamId, revision)
  }

  find(id: string): RecentId | undefined {
    const lanes = parseId(id)
    return lookUp(this.current, lanes) ?? (this.previous && lookUp(this.previous, lanes))
  }

  private makeRoom(): void {
    if (this.current.used >= MAX_ENTRIES / 2) {
      this.previous = this.current
      this.current = createTable(MIN_CAPACITY)
    } else this.current = grow(this.current)
  }
}

interface Table {
  readonly capacity: number
  used: number
  /** Four lanes of id and the number of the stream, which is never 0 in a used slot. */
  readonly slots: Uint32Array
  readonly revisions: Float64Array
}

type Lanes = readonly [number, number, number, number]

function createTable(capacity: number): Table {
  return { capacity, used: 0, slots: new Uint32Array(capacity * LANES), revisions: new Float64Array(capacity) }
}

function parseId(id: string): Lanes {
  return [
    Number.parseInt(id.slice(0, 8), 16),
    Number.parseInt(id.slice(9, 13) + id.slice(14, 18), 16),
    Number.parseInt(id.slice(19, 23) + id.slice(24, 28), 16),
    Number.parseInt(id.slice(28, 36), 16),
  ]
}

function slotOf(table: Table, lanes: Lanes): number {
  const { slots, capacity } = table
  let slot = (Math.imul(lanes[0] ^ lanes[3], 0x9e3779b1) ^ Math.imul(lanes[1] ^ lanes[2], 0x85ebca6b)) >>> 0
  for (slot %= capacity; ; slot = slot + 1 === capacity ? 0 : slot + 1) {
    const at = slot * LANES
    if (slots[at + 4] === 0) return slot
    const same =
      slots[at] === lanes[0] && slots[at + 1] === lanes[1] && slots[at + 2] === lanes[2] && slots[at + 3] === lanes[3]
    if (same) return slot
  }
}

function insert(table: Table, lanes: Lanes, streamId: number, revision: number): void {
  const slot = slotOf(table, lanes)
  const at = slot * LANES
  if (table.slots[at + 4] === 0) table.used++
  table.slots.set(lanes, at)
  table.slots[at + 4] = streamId
  table.revisions[slot] = revision
}

function lookUp(table: Table, lanes: Lanes): RecentId | undefined {
  const slot = slotOf(table, lanes)
  const streamId = table.slots[slot * LANES + 4] as number
  return streamId === 0 ? undefined : { streamId, revision: table.revisions[slot] as number }
}

function grow(table: Table): Table {
  const larger = createTable(table.capacity * 2)
  for (let slot = 0; slot < table.capacity; slot++) {
    const at = slot * LANES
    const streamId = table.slots[at + 4] as number
    if (streamId === 0) continue
    const [a = 0, b = 0, c = 0, d = 0] = table.slots.subarray(at, at + 4)
    insert(larger, [a, b, c, d], streamId, table.revisions[slot] as number)
  }
  return larger
}

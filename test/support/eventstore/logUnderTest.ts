import { randomUUID } from 'node:crypto'
import type { SettlingLimits } from '../../../src/embedded/eventstore/log/groupCommit.js'
import type { PositionedRecord } from '../../../src/embedded/eventstore/log/logView.js'
import type { Log } from '../../../src/embedded/eventstore/log/openLog.js'
import { type NewEvent, payloadOf, revisionOf, streamNameOf } from '../../../src/embedded/eventstore/log/record.js'
import { stageAppend } from '../../../src/embedded/eventstore/streams/appendEvents.js'
import type { ExpectedRevision } from '../../../src/embedded/eventstore/streams/expectedRevision.js'
import {
  type Visit,
  type Visited,
  visitAllBackwards,
  visitAllForwards,
  visitStreamBackwards,
  visitStreamForwards,
} from '../../../src/embedded/eventstore/streams/visitRecords.js'

/** Groups stay in the journal until somebody asks to settle them. */
export const NEVER: SettlingLimits = { bytes: Number.MAX_SAFE_INTEGER, delay: 2 ** 30, direct: 2 ** 30 }
/** Every group goes to the data file, as if there were no journal. */
export const DIRECT: SettlingLimits = { ...NEVER, direct: 0 }

/** Events whose data is their id, and spaces up to `size` bytes. */
export const newLogEvents = (count: number, size = 0): NewEvent[] =>
  Array.from({ length: count }, () => {
    const id = randomUUID()
    return { id, type: 'Counted', isJson: false, metadata: Buffer.alloc(0), data: Buffer.from(id.padEnd(size)) }
  })

export const append = (
  { writer }: Log,
  stream: string,
  events: readonly NewEvent[],
  expected: ExpectedRevision = 'any',
) => writer.write((staging) => stageAppend(staging, stream, expected, events))

/** Everything that readers can see of these streams and of `$all`, in both directions, in pages of `page` events. */
export function shownBy({ store }: Log, streams: readonly string[], page = 1_000) {
  return {
    head: store.head,
    all: shownOfAll(store, page),
    streams: streams.map((name) => shownOfStream(store, name, page)),
  }
}

/** Ids are left out, since a log gives some by chance. */
const line = ({ position, record }: PositionedRecord) =>
  `${position} ${revisionOf(record)}@${streamNameOf(record)} ${payloadOf(record).data.toString().trimEnd()}`

function shownOfAll(store: Log['store'], page: number) {
  return {
    forwards: linesOf(1, (from, visit) => visitAllForwards(store, from, page, visit)),
    backwards: linesOf(store.head + 1, (from, visit) => visitAllBackwards(store, from, page, visit)),
  }
}

function shownOfStream(store: Log['store'], name: string, page: number) {
  const { metadata, ...state } = store.state(name)
  return {
    ...{ state, metadata, peeked: store.peekState(name) },
    forwards: linesOf(0, (from, visit) => visitStreamForwards(store, store.state(name), from, page, 0, visit)),
    backwards: linesOf(state.last, (from, visit) =>
      visitStreamBackwards(store, store.state(name), from, 0, page, 0, visit),
    ),
  }
}

function linesOf(from: number, visitFrom: (from: number, visit: Visit) => Visited): string[] {
  const lines: string[] = []
  const visit: Visit = (found) => lines.push(line(found)) > 0
  for (let next = from, ended = false; !ended; ) ({ next, ended } = visitFrom(next, visit))
  return lines
}

import type { DomainEvent } from '../../domain/events/catalogue/index.js'
import { decodeEvent } from '../../domain/events/decodeEvent.js'
import type { RecordedEvent, StoredEvent } from '../../domain/events/recordedEvent.js'
import type { EventStore } from '../../eventlog/eventStore.js'
import type { Aggregate } from '../commandHandler.js'
import { pageSize, readPage } from './readPage.js'
import { emptyMemory, noteCommand, remember, type SeenCommand, type StreamMemory } from './streamMemory.js'

/** Events that are folded at once while a stream is read. */
const batchSize = 500

/** Decodes an event of a stream whose category holds nothing but `Event`s. */
const decode = <Event extends DomainEvent>(stored: StoredEvent): RecordedEvent<Event> =>
  decodeEvent(stored) as RecordedEvent<Event>

const sizeOf = (stored: StoredEvent): number => JSON.stringify(stored.data).length

const foldOn = <State, Event extends DomainEvent>(
  aggregate: Aggregate<State, Event>,
  memory: StreamMemory<State>,
  stored: readonly StoredEvent[],
  now: number,
): StreamMemory<State> => {
  const bytes = stored.reduce((sum, event) => sum + sizeOf(event), 0)
  return remember(aggregate, memory, stored.map(decode<Event>), bytes, now)
}

const fromSnapshot = <State, Event extends DomainEvent>(
  restore: (event: RecordedEvent<Event>) => State,
  stored: StoredEvent,
  now: number,
): StreamMemory<State> => {
  const event = decode<Event>(stored)
  const commands = new Map<string, SeenCommand>()
  noteCommand(commands, event, event.metadata)
  return {
    state: restore(event),
    revision: event.revision,
    lastHash: event.metadata.hash,
    commands,
    commandsFrom: event.revision,
    bytes: sizeOf(stored),
    knownAt: now,
  }
}

/** Newest first, from `upTo` (default: the end) back to the last event of `type` or to the start of the stream. */
const readBackTo = async (store: EventStore, stream: string, type: string, upTo: number | undefined) => {
  const events: StoredEvent[] = []
  let from: number | 'end' = upTo ?? 'end'
  for (;;) {
    const page = await readPage(store, stream, { from, direction: 'backwards', limit: pageSize })
    const found = page.findIndex((event) => event.type === type)
    events.push(...(found < 0 ? page : page.slice(0, found + 1)))
    const oldest = page.at(-1)
    if (found >= 0 || page.length < pageSize || oldest === undefined || oldest.revision === 0) return events
    from = oldest.revision - 1
  }
}

/** Folds a stream as far as `upTo` (a revision; default: to its end), from its last snapshot where it has one. */
export const loadStream = async <State, Event extends DomainEvent>(
  store: EventStore,
  aggregate: Aggregate<State, Event>,
  stream: string,
  now: number,
  upTo?: number,
): Promise<StreamMemory<State>> => {
  const empty = { ...emptyMemory(aggregate.initialState), knownAt: now }
  const restore = aggregate.fromSnapshot
  if (aggregate.snapshotType === undefined || restore === undefined) {
    return catchUp(store, aggregate, stream, empty, now, upTo)
  }
  const events = (await readBackTo(store, stream, aggregate.snapshotType, upTo)).reverse()
  const oldest = events[0]
  if (oldest?.type !== aggregate.snapshotType) return foldOn(aggregate, empty, events, now)
  const base = fromSnapshot<State, Event>((event) => restore.call(aggregate, event), oldest, now)
  return foldOn(aggregate, base, events.slice(1), now)
}

/** Folds what came after `memory`. */
export const catchUp = async <State, Event extends DomainEvent>(
  store: EventStore,
  aggregate: Aggregate<State, Event>,
  stream: string,
  memory: StreamMemory<State>,
  now: number,
  upTo?: number,
): Promise<StreamMemory<State>> => {
  const from = memory.revision + 1
  const limit = upTo === undefined ? undefined : upTo - memory.revision
  let folded = memory
  let batch: StoredEvent[] = []
  for await (const event of store.readStream(stream, { from, ...(limit === undefined ? undefined : { limit }) })) {
    batch.push(event)
    if (batch.length < batchSize) continue
    folded = foldOn(aggregate, folded, batch, now)
    batch = []
  }
  return foldOn(aggregate, folded, batch, now)
}

/** Notes the commands of the events before the snapshot that a stream was loaded from. */
export const searchOlderCommands = async <State>(
  store: EventStore,
  stream: string,
  memory: StreamMemory<State>,
): Promise<StreamMemory<State>> => {
  for await (const event of store.readStream(stream, { from: 'start', limit: memory.commandsFrom })) {
    noteCommand(memory.commands, event, event.metadata as { commandId: string; requestHash?: string })
  }
  return { ...memory, commandsFrom: 0 }
}

import type { DomainEvent } from '../../domain/events/catalogue/index.js'
import type { RecordedEvent, StoredEvent } from '../../domain/events/recordedEvent.js'
import { genesisHash } from '../../domain/hashChain.js'
import type { Aggregate } from '../commandHandler.js'

/** What a command left in its stream. */
export interface SeenCommand {
  readonly firstRevision: number
  readonly lastRevision: number
  readonly requestHash: string | undefined
}

/** What is kept of a stream between commands. */
export interface StreamMemory<State> {
  readonly state: State
  readonly revision: number
  readonly lastHash: string
  /** Commands of the events from `commandsFrom` on, by id. */
  readonly commands: Map<string, SeenCommand>
  readonly commandsFrom: number
  /** About how much memory the state takes: the size of the events it was folded from. */
  readonly bytes: number
  /** When it was last known to be the newest, in milliseconds of the monotonic clock. */
  readonly knownAt: number
}

export const emptyMemory = <State>(initialState: State): StreamMemory<State> => ({
  state: initialState,
  revision: -1,
  lastHash: genesisHash,
  commands: new Map(),
  commandsFrom: 0,
  bytes: 0,
  knownAt: Number.NEGATIVE_INFINITY,
})

const foldAll = <State, Event extends DomainEvent>(
  aggregate: Aggregate<State, Event>,
  state: State,
  events: readonly RecordedEvent<Event>[],
): State => {
  if (aggregate.evolveAll) return aggregate.evolveAll(state, events)
  let next = state
  for (const event of events) next = aggregate.evolve(next, event)
  return next
}

interface CommandTrace {
  readonly commandId: string
  readonly requestHash?: string | undefined
}

/** Notes which command wrote the events of a range. Noting the same events again changes nothing. */
const noteRange = (
  commands: Map<string, SeenCommand>,
  firstRevision: number,
  lastRevision: number,
  { commandId, requestHash }: CommandTrace,
): void => {
  const seen = commands.get(commandId)
  commands.set(commandId, {
    firstRevision: seen ? Math.min(seen.firstRevision, firstRevision) : firstRevision,
    lastRevision: seen ? Math.max(seen.lastRevision, lastRevision) : lastRevision,
    requestHash,
  })
}

export const noteCommand = (
  commands: Map<string, SeenCommand>,
  { revision }: Pick<StoredEvent, 'revision'>,
  trace: CommandTrace,
): void => noteRange(commands, revision, revision, trace)

/** Events of one command are neighbours (they were one append): one entry is made for all of them. */
const noteCommands = (
  commands: Map<string, SeenCommand>,
  events: readonly Pick<RecordedEvent, 'revision' | 'metadata'>[],
): void => {
  let first = events[0]
  for (const [index, event] of events.entries()) {
    const next = events[index + 1]
    if (!first || next?.metadata.commandId === event.metadata.commandId) continue
    noteRange(commands, first.revision, event.revision, event.metadata)
    first = next
  }
}

/** The memory after further events of the same stream. The map of commands is carried on, not copied. */
export const remember = <State, Event extends DomainEvent>(
  aggregate: Aggregate<State, Event>,
  memory: StreamMemory<State>,
  events: readonly RecordedEvent<Event>[],
  bytes: number,
  knownAt: number,
): StreamMemory<State> => {
  const last = events.at(-1)
  if (!last) return { ...memory, knownAt }
  noteCommands(memory.commands, events)
  return {
    state: foldAll(aggregate, memory.state, events),
    revision: last.revision,
    lastHash: last.metadata.hash,
    commands: memory.commands,
    commandsFrom: memory.commandsFrom,
    bytes: memory.bytes + bytes,
    knownAt,
  }
}

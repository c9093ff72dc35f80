import { conflict, FlowledgerError, invalid } from '../domain/errors.js'
import type { DomainEvent } from '../domain/events/catalogue/index.js'
import { decodeEvent } from '../domain/events/decodeEvent.js'
import type { RecordedEvent } from '../domain/events/recordedEvent.js'
import { type Category, streamName } from '../domain/streams.js'
import { type Appended, type EventStore, WrongRevision } from '../eventlog/eventStore.js'
import {
  type Aggregate,
  type CommandContext,
  type CommandHandler,
  type CommandOutcome,
  type HandleOptions,
  isRepeatable,
} from './commandHandler.js'
import { createInTurn } from './handling/inTurn.js'
import { catchUp, loadStream, searchOlderCommands } from './handling/loadStream.js'
import { type PreparedAppend, prepareAppend, recordedEvents } from './handling/prepareAppend.js'
import { readPage } from './handling/readPage.js'
import { pauseBefore, realPauses, repeatWhileUnavailable } from './handling/repeatWhileUnavailable.js'
import { createStreamCache } from './handling/streamCache.js'
import { emptyMemory, remember, type SeenCommand, type StreamMemory } from './handling/streamMemory.js'

export interface CommandHandlerDependencies {
  readonly store: EventStore
  /** How many streams are kept in memory at most. */
  readonly cacheSize?: number
  /** About how much memory they may take, by the size of their events. */
  readonly cacheBytes?: number
  /** 0 (inclusive) to 1: jitter of the pauses. */
  readonly random?: () => number
  readonly sleep?: (milliseconds: number) => Promise<void>
  /** Monotonic milliseconds. */
  readonly monotonic?: () => number
}

/** How often a command is decided again because others changed its stream in between. */
const conflictRetries = 3

/** One command on one stream while it is being handled. */
interface Work<State, Event extends DomainEvent> {
  readonly aggregate: Aggregate<State, Event>
  readonly stream: string
  readonly context: CommandContext
}

const staleIfMatch = (currentRevision: number): FlowledgerError =>
  new FlowledgerError('preconditionFailed', 'revision_mismatch', `It is at revision ${currentRevision} now.`, [], {
    currentRevision,
  })

/**
 * The write path over an event store: see CommandHandler. It keeps hot streams in memory (state, revision, hash of the last
 * event, commands seen), so a command on a warm stream costs one append and no read. Commands of this process on one stream
 * queue; other processes are found out about by the exact revision of the append.
 *
 * Two processes may hold the same remembered revision and get the same repeated command: then the log takes the second append
 * for a repetition of the first and writes nothing, because the ids are equal. So a command that can come twice reads back
 * the last event that it appended.
 */
export const createCommandHandler = ({
  store,
  cacheSize = 5_000,
  cacheBytes = 64 * 1024 * 1024,
  random = realPauses.random,
  sleep = realPauses.sleep,
  monotonic = () => performance.now(),
}: CommandHandlerDependencies): CommandHandler => {
  const cache = createStreamCache({ streams: cacheSize, bytes: cacheBytes })
  const { recall, keep } = cache
  const inTurn = createInTurn()
  const repeat = <T>(operation: () => Promise<T>): Promise<T> => repeatWhileUnavailable(operation, { random, sleep })

  /** The newest state; what is remembered is only caught up with. */
  const refresh = async <State, Event extends DomainEvent>(
    aggregate: Aggregate<State, Event>,
    stream: string,
    memory: StreamMemory<State> | undefined,
  ): Promise<StreamMemory<State>> => {
    const now = monotonic()
    const newest = await repeat(() =>
      memory === undefined || memory.revision < 0
        ? loadStream(store, aggregate, stream, now)
        : catchUp(store, aggregate, stream, memory, now),
    )
    return keep(aggregate, stream, newest)
  }

  const seenBefore = async <State, Event extends DomainEvent>(
    { aggregate, stream, context }: Work<State, Event>,
    memory: StreamMemory<State>,
  ): Promise<SeenCommand | undefined> => {
    const seen = memory.commands.get(context.commandId)
    if (seen || memory.commandsFrom === 0 || context.requestHash === undefined) return seen
    const searched = keep(aggregate, stream, await repeat(() => searchOlderCommands(store, stream, memory)))
    return searched.commands.get(context.commandId)
  }

  /** What a command led to when it was carried out: its events, and the state just after them. */
  const earlierOutcome = async <State, Event extends DomainEvent>(
    { aggregate, stream, context }: Work<State, Event>,
    seen: SeenCommand,
    memory: StreamMemory<State>,
    replayed: boolean,
  ): Promise<CommandOutcome<State, Event>> => {
    const { requestHash } = context
    if (requestHash !== undefined && seen.requestHash !== undefined && requestHash !== seen.requestHash) {
      throw invalid('idempotency_key_reused', 'This idempotency key was used for another request.')
    }
    const { firstRevision, lastRevision } = seen
    const range = { from: firstRevision, limit: lastRevision - firstRevision + 1 }
    const stored = await repeat(() => readPage(store, stream, range))
    const events = stored.map((event) => decodeEvent(event) as RecordedEvent<Event>)
    const { state } =
      lastRevision === memory.revision
        ? memory
        : await repeat(() => loadStream(store, aggregate, stream, monotonic(), lastRevision))
    return { state, revision: lastRevision, events, position: events.at(-1)?.position, replayed }
  }

  const isOurs = async <Event extends DomainEvent>(
    stream: string,
    appended: Appended,
    prepared: PreparedAppend<Event>,
  ): Promise<boolean> => {
    const [last] = await repeat(() => readPage(store, stream, { from: appended.revision, limit: 1 }))
    return (last?.metadata as { hash?: unknown } | undefined)?.hash === prepared.lastHash
  }

  const append = async <Event extends DomainEvent>(
    stream: string,
    revision: number,
    prepared: PreparedAppend<Event>,
  ): Promise<Appended | undefined> => {
    const events = prepared.events.map(({ id, type, data, metadata }) => ({ id, type, data, metadata }))
    try {
      return await repeat(() => store.append(stream, events, revision < 0 ? 'none' : revision))
    } catch (error) {
      if (error instanceof WrongRevision) return undefined
      cache.forget(stream)
      throw error
    }
  }

  const carryOut = async <State, Event extends DomainEvent>(
    work: Work<State, Event>,
    decide: (state: State, revision: number) => readonly Event[],
    { expectNew = false }: HandleOptions,
  ): Promise<CommandOutcome<State, Event>> => {
    const { aggregate, stream, context } = work
    const remembered = recall(aggregate, stream) ?? (expectNew ? emptyMemory(aggregate.initialState) : undefined)
    let memory = remembered ?? (await refresh(aggregate, stream, undefined))
    /** Whether `memory` was read while this command was being handled, so that what it leads to is final. */
    let fresh = remembered === undefined
    let tried: PreparedAppend<Event> | undefined

    const isNewer = async (): Promise<boolean> => {
      if (fresh) return false
      const before = memory.revision
      memory = await refresh(aggregate, stream, memory)
      fresh = true
      return memory.revision !== before
    }

    for (let conflicts = 0; ; ) {
      const seen = await seenBefore(work, memory)
      if (seen) {
        const outcome = await earlierOutcome(work, seen, memory, true)
        const ours = tried !== undefined && outcome.events.at(-1)?.metadata.hash === tried.lastHash
        return ours ? { ...outcome, replayed: false } : outcome
      }
      const { state, revision } = memory
      if (context.ifMatch !== undefined && context.ifMatch !== revision) {
        if (await isNewer()) continue
        throw staleIfMatch(revision)
      }
      let events: readonly Event[]
      try {
        events = decide(state, revision)
      } catch (error) {
        if (await isNewer()) continue
        throw error
      }
      if (events.length === 0) {
        if (await isNewer()) continue
        return { state, revision, events: [], position: undefined, replayed: false }
      }
      const prepared = prepareAppend(stream, revision, memory.lastHash, events, context)
      tried = prepared
      const appended = await append(stream, revision, prepared)
      if (appended && (!isRepeatable(context) || (await isOurs(stream, appended, prepared)))) {
        const recorded = recordedEvents(stream, revision, prepared, appended.position, context.now)
        memory = keep(aggregate, stream, remember(aggregate, memory, recorded, prepared.bytes, monotonic()))
        const { position } = appended
        return { state: memory.state, revision: memory.revision, events: recorded, position, replayed: false }
      }
      conflicts += 1
      // Pausing comes before reading: what is read and then slept on is old again.
      if (conflicts > 1) await sleep(pauseBefore(conflicts, random))
      memory = await refresh(aggregate, stream, memory)
      // Nothing came after what is remembered, and yet it is wrong: the log was put back to an earlier state.
      if (memory.revision === revision) memory = await refresh(aggregate, stream, undefined)
      fresh = true
      if (conflicts > conflictRetries && !memory.commands.has(context.commandId)) {
        throw conflict('concurrent_change', 'Others keep changing it; try again.')
      }
    }
  }

  return {
    handle: (aggregate, id, context, decide, options = {}) => {
      const stream = streamName(aggregate.category as Category, id)
      return inTurn(stream, () => carryOut({ aggregate, stream, context }, decide, options))
    },
    load: async (aggregate, id, { maxAgeMs = 0, including = Number.POSITIVE_INFINITY } = {}) => {
      const stream = streamName(aggregate.category as Category, id)
      const isGoodEnough = ({ revision, knownAt }: StreamMemory<unknown>) =>
        revision >= including || monotonic() - knownAt < maxAgeMs
      const remembered = recall(aggregate, stream)
      const { state, revision } =
        remembered && isGoodEnough(remembered)
          ? remembered
          : await inTurn(stream, async () => {
              // A command that was under way may have left what is asked for.
              const memory = recall(aggregate, stream)
              return memory && isGoodEnough(memory) ? memory : refresh(aggregate, stream, memory)
            })
      return { state, revision }
    },
    invalidate: cache.forget,
  }
}

import type { RecordedEvent } from '../../domain/events/recordedEvent.js'
import type { EventStore } from '../../eventlog/eventStore.js'
import { createBatchFold, planLoads, type TableChanges } from '../fold/batchFold.js'
import { type FedEvent, feedEvent, isPoison, placeOf } from '../fold/decode.js'
import { dispatchOf } from '../fold/dispatch.js'
import {
  type DeadLetterChanges,
  type DeadLetterRecord,
  type GenerationRef,
  noDeadLetterChanges,
  type ReadModelStore,
  RowsRefused,
} from '../store/projectionStore.js'

/** Somebody else moves this checkpoint: stop. */
export class OwnershipLost extends Error {
  override readonly name = 'OwnershipLost'
}

/** An event can't be applied, and the rebuild may not go on without it. */
export class PoisonFound extends Error {
  override readonly name = 'PoisonFound'

  constructor(readonly letter: DeadLetterRecord) {
    super(
      `event ${letter.revision} of ${letter.stream} (${letter.type}, position ${letter.position}): ${letter.reason}`,
    )
  }
}

export interface BatchWriterOptions {
  readonly store: ReadModelStore
  readonly ref: GenerationRef
  /** For a second try of what was held back. */
  readonly streams: Pick<EventStore, 'readStream'>
  /** What to do with an event that can't be applied: put it aside and hold its stream, or throw PoisonFound. */
  readonly onPoison: 'putAside' | 'stop'
  /** Tell those who wait for this projection; asked at each commit. */
  readonly announces: () => boolean
}

export interface Applied {
  /** Events that this projection listens to. */
  readonly events: number
  readonly bytes: number
}

/** Applies batches in order, each with its checkpoint. Not safe to repeat after an error before `open` was called again. */
export interface BatchWriter {
  readonly position: bigint | null
  readonly heldStreams: number
  /** Reads the checkpoint and what is held. Throws OwnershipLost where the generation is gone. */
  open(): Promise<bigint | null>
  /**
   * `mayDefer`: where the batch changes no row, its checkpoint may be left to a later one. Nothing is lost by that: applied
   * again, it changes no row again.
   */
  apply(events: readonly FedEvent[], to: bigint, mayDefer?: boolean): Promise<Applied>
  /**
   * Applies a held stream up to the checkpoint, with the event that could not be applied, or without it. Throws PoisonFound
   * where that event still can't be. A later one that can't is a dead letter of its own.
   */
  release(stream: string, mode: 'retry' | 'discard'): Promise<void>
}

interface Outcome {
  readonly changes: readonly TableChanges[]
  readonly deadLetters: DeadLetterChanges
  readonly events: number
}

const changesNothing = ({ changes, deadLetters: { add, remove, held } }: Outcome): boolean =>
  add.length + remove.length + held.size === 0 &&
  changes.every(({ inserts, updates, deletes }) => inserts.length + updates.length + deletes.length === 0)

const letterOf = (event: FedEvent, reason: string): DeadLetterRecord => {
  const { stream, position, revision, id, type } = placeOf(event)
  return { stream, position, revision, eventId: id, type, reason: reason.slice(0, 2_000) }
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

export const createBatchWriter = ({ store, ref, streams, onPoison, announces }: BatchWriterOptions): BatchWriter => {
  const { projection } = ref
  const dispatch = dispatchOf(projection)
  let position: bigint | null = null
  let held = new Set<string>()

  const open = async () => {
    const checkpoint = await store.checkpoint(ref)
    if (checkpoint === undefined) throw new OwnershipLost(`generation ${ref.generation} of ${projection.name} is gone`)
    held = new Set((await store.deadLetters(ref)).map(({ stream }) => stream))
    position = checkpoint.position
    return position
  }

  const commit = async (to: bigint | null, { changes, deadLetters, events }: Outcome): Promise<Applied> => {
    const { outcome, bytes } = await store.commit({
      ref,
      from: position,
      to,
      changes,
      deadLetters,
      announce: announces(),
    })
    if (outcome === 'lost') throw new OwnershipLost(`the checkpoint of ${projection.name} was moved by somebody else`)
    position = to
    for (const stream of deadLetters.remove) held.delete(stream)
    for (const { stream } of deadLetters.add) held.add(stream)
    return { events, bytes }
  }

  /** Folds what can be applied and says what can't. `exempt`: a stream whose hold does not count this time. */
  const fold = async (events: readonly FedEvent[], exempt?: string): Promise<Outcome> => {
    const add = new Map<string, DeadLetterRecord>()
    const behind = new Map<string, number>()
    const putAside = (event: FedEvent, reason: string) => {
      const letter = letterOf(event, reason)
      if (onPoison === 'stop') throw new PoisonFound(letter)
      add.set(letter.stream, letter)
    }
    const isHeld = (stream: string) =>
      (add.size > 0 && add.has(stream)) || (held.size > 0 && stream !== exempt && held.has(stream))
    const hold = (stream: string) => behind.set(stream, (behind.get(stream) ?? 0) + 1)

    const readable: RecordedEvent[] = []
    let count = 0
    for (const event of events) {
      if (!isPoison(event) && !dispatch.has(event.type)) continue
      count += 1
      const { stream } = placeOf(event)
      if (isHeld(stream)) hold(stream)
      else if (isPoison(event)) putAside(event, event.poison)
      else readable.push(event)
    }
    if (readable.length === 0) {
      return { changes: [], events: count, deadLetters: { add: [...add.values()], remove: [], held: behind } }
    }
    const batch = createBatchFold(projection, dispatch)
    const loads = planLoads(projection, dispatch, readable)
    const loaded = loads.length === 0 ? [] : await store.load(ref, loads)
    loads.forEach(({ index }, at) => {
      batch.add(index, loaded[at] ?? [])
    })
    for (const event of readable) {
      // A later event of a stream that an unreadable one of this batch holds came before it: positions tell.
      const aside = add.get(event.stream)
      if (aside !== undefined && aside.position < event.position) {
        hold(event.stream)
        continue
      }
      try {
        batch.apply(event)
      } catch (error) {
        if (aside !== undefined) hold(event.stream)
        putAside(event, textOf(error))
      }
    }
    return {
      changes: batch.changes(),
      events: count,
      deadLetters: { add: [...add.values()], remove: [], held: behind },
    }
  }

  const apply = async (events: readonly FedEvent[], to: bigint, mayDefer = false): Promise<Applied> => {
    try {
      const outcome = await fold(events)
      if (mayDefer && changesNothing(outcome)) return { events: outcome.events, bytes: 0 }
      return await commit(to, outcome)
    } catch (error) {
      if (!(error instanceof RowsRefused)) throw error
      return refused(events, to, error)
    }
  }

  /** The store refuses some row of the batch: halves until the event that leads to it stands alone. */
  const refused = async (events: readonly FedEvent[], to: bigint, error: RowsRefused): Promise<Applied> => {
    const [only] = events
    if (only === undefined) throw error
    if (events.length === 1) {
      const letter = letterOf(only, error.message)
      if (onPoison === 'stop') throw new PoisonFound(letter)
      return commit(to, { changes: [], events: 1, deadLetters: { ...noDeadLetterChanges, add: [letter] } })
    }
    const half = events.slice(0, Math.ceil(events.length / 2))
    const rest = events.slice(half.length)
    const first = await apply(half, placeOf(half.at(-1) as FedEvent).position)
    const second = await apply(rest, to)
    return { events: first.events + second.events, bytes: first.bytes + second.bytes }
  }

  const release = async (stream: string, mode: 'retry' | 'discard') => {
    const letter = (await store.deadLetters(ref)).find((candidate) => candidate.stream === stream)
    if (letter === undefined) return
    const from = letter.revision + (mode === 'discard' ? 1 : 0)
    const events: FedEvent[] = []
    for await (const stored of streams.readStream(stream, { from })) {
      if (position !== null && stored.position <= position) events.push(feedEvent(stored))
    }
    try {
      const outcome = await fold(events, stream)
      const again = outcome.deadLetters.add.find(({ position: at }) => at === letter.position)
      if (again !== undefined) throw new PoisonFound(again)
      await commit(position, { ...outcome, deadLetters: { ...outcome.deadLetters, remove: [stream] } })
    } catch (error) {
      // Nothing was changed: it stays where it is.
      if (error instanceof RowsRefused) throw new PoisonFound({ ...letter, reason: error.message })
      throw error
    }
  }

  return {
    get position() {
      return position
    },
    get heldStreams() {
      return held.size
    },
    open,
    apply,
    release,
  }
}

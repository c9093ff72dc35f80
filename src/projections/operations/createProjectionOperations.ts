import type { MongoClient } from 'mongodb'
import type { Pool } from 'pg'
import { v5 as uuidv5 } from 'uuid'
import { conflict, FlowledgerError, notFound } from '../../domain/errors.js'
import type { EventFeed } from '../../eventlog/eventFeed.js'
import type { EventStore } from '../../eventlog/eventStore.js'
import type { Projection } from '../model/projection.js'
import { defaultMongoNames, type MongoNames } from '../mongo/names.js'
import { createChannel } from '../postgres/channel.js'
import { defaultSchemas, rebuildChannel, requestChannel, type SchemaNames } from '../postgres/names.js'
import { createStores } from '../projector/stores.js'
import { createRebuildRecords, finalStates, type RebuildRow } from '../rebuild/rebuildRecords.js'
import { createRequestRecords, type RequestRow } from '../rebuild/requestRecords.js'
import { operationEvent } from '../rebuild/runRebuild.js'
import { verifyLive } from '../rebuild/verifyLive.js'
import { sleep } from '../runner/backoff.js'
import type { ReadModelStore } from '../store/projectionStore.js'
import { estimateEvents, sampleLog } from './estimateRebuild.js'
import { type RecordOperation, recordOperations } from './operationRecorder.js'
import type { DeadLetter, OperationContext, ProjectionOperations, Rebuild } from './projectionOperations.js'
import { createStatusQueries } from './projectionStatus.js'
import { toRebuild } from './rebuildView.js'

export interface ProjectionOperationsDependencies {
  readonly postgresUrl: string
  readonly pool: Pool
  readonly mongo: MongoClient
  readonly feed: EventFeed
  readonly streams: Pick<EventStore, 'readStream'>
  readonly projections: readonly Projection[]
  /** Writes into the log what was done; the same id twice is one event. */
  readonly record: RecordOperation
  readonly schemas?: SchemaNames
  readonly mongoNames?: MongoNames
  readonly log: (line: string) => void
  readonly now?: () => Date
}

/** `start` lets it hear of progress and write operations into the log; the rest works without. */
export interface RunningProjectionOperations extends ProjectionOperations {
  start(): Promise<void>
  stop(): Promise<void>
}

const dayMs = 86_400_000
const namespace = 'a5e5a3f2-4c9d-4a35-9f6c-3f6f9f0f8f11'
/** How long a request may take before the projector counts as away. */
const answerMs = 30_000
const pollMs = 500

export const createProjectionOperations = (
  dependencies: ProjectionOperationsDependencies,
): RunningProjectionOperations => {
  const { postgresUrl, pool, mongo, feed, streams, projections, record, log } = dependencies
  const { schemas = defaultSchemas, mongoNames = defaultMongoNames, now = () => new Date() } = dependencies
  const records = createRebuildRecords(pool, schemas)
  const requests = createRequestRecords(pool, schemas)
  const stores = createStores({ postgresUrl, pool, mongo, schemas, mongoNames })
  const opened = new Map<Projection['store'], ReadModelStore>()
  const channel = createChannel({ connectionString: postgresUrl, channel: rebuildChannel(schemas), log })
  const stopping = new AbortController()
  let recording: Promise<void> = Promise.resolve()

  const projectionNamed = (name: string): Projection => {
    const projection = projections.find((candidate) => candidate.name === name)
    if (projection === undefined) throw notFound('projection_not_found', `there is no projection ${name}`)
    return projection
  }

  /** For single look-ups; a session that stays. */
  const storeOf = (projection: Projection): ReadModelStore => {
    const known = opened.get(projection.store) ?? stores.open(projection, 'operations')
    opened.set(projection.store, known)
    return known
  }

  const status = createStatusQueries({ pool, schemas, feed, stores, storeOf, records, now })

  const wakeProjector = async (projection: string) => {
    await pool.query('SELECT pg_notify($1, $2)', [requestChannel(schemas), projection])
  }

  /** Now, as far as the log can be reached; else it is done later. */
  const recordNow = () =>
    recordOperations(pool, schemas, record).catch((error: unknown) =>
      log(`operations into the log: ${error instanceof Error ? error.message : String(error)}`),
    )

  const findRow = async (projection: string, rebuildId: string): Promise<RebuildRow> => {
    projectionNamed(projection)
    const row = await records.find(rebuildId)
    if (row === undefined || row.projection !== projection) {
      throw notFound('rebuild_not_found', `there is no rebuild ${rebuildId} of ${projection}`)
    }
    return row
  }

  const rebuild: ProjectionOperations['rebuild'] = async (context, name, options = {}) => {
    const projection = projectionNamed(name)
    const id = uuidv5(`rebuild ${name} ${context.commandId}`, namespace)
    const earlier = await records.find(id)
    if (earlier !== undefined) return toRebuild(earlier)
    const known = await stores.generations(projection).list(projection)
    const active = known.find(({ state }) => state === 'active')
    const target = await feed.head()
    const row = await records.insert({
      id,
      projection: name,
      generation: Math.max(0, ...known.map(({ generation }) => generation)) + 1,
      from_generation: active?.generation ?? null,
      version: projection.version,
      target_position: target,
      keep_ms: BigInt(options.keepMs ?? dayMs),
      on_difference: options.onDifference ?? 'fail',
      actor: context.actor,
      correlation_id: context.correlationId,
      started_at: context.now,
    })
    await records.record([
      operationEvent(row, new Date(context.now), 'RebuildStarted', {
        projection: name,
        rebuildId: id,
        generation: row.generation,
        fromGeneration: row.from_generation,
        targetPosition: String(target ?? 0n),
      }),
    ])
    await wakeProjector(name)
    await recordNow()
    return toRebuild((await records.find(id)) ?? row)
  }

  /** Asks, and waits a moment for the projector to have done it. */
  const ask = async (row: RebuildRow, requested: NonNullable<RebuildRow['requested']>): Promise<Rebuild> => {
    let current = await records.update(row.id, { requested })
    await wakeProjector(row.projection)
    const until = performance.now() + 5_000
    while (current.requested !== null && performance.now() < until) {
      await channel.next(row.id, 100)
      current = (await records.find(row.id)) ?? current
    }
    return toRebuild(current)
  }

  const running = (row: RebuildRow): RebuildRow => {
    if (finalStates.includes(row.state) || row.state === 'swapped') {
      throw conflict('rebuild_not_running', `the rebuild is ${row.state}`)
    }
    return row
  }

  async function* progress(rebuildId: string, signal?: AbortSignal): AsyncGenerator<Rebuild> {
    let shown = ''
    while (signal?.aborted !== true) {
      const row = await records.find(rebuildId)
      if (row === undefined) throw notFound('rebuild_not_found', `there is no rebuild ${rebuildId}`)
      const view = toRebuild(row)
      const text = JSON.stringify(view)
      if (text !== shown) yield view
      shown = text
      if (row.state === 'swapped' || finalStates.includes(row.state)) return
      await sleep(100, signal)
      await channel.next(rebuildId, pollMs)
    }
  }

  const answered = async (request: RequestRow['id'], waitMs: number): Promise<RequestRow | undefined> => {
    const until = performance.now() + waitMs
    for (;;) {
      const row = await requests.find(request)
      if (row !== undefined && row.state !== 'requested') return row
      if (performance.now() > until) return undefined
      await sleep(50)
    }
  }

  const request = async (
    context: OperationContext,
    projection: string,
    kind: RequestRow['kind'],
    position: bigint | null,
    reason: string | null,
  ): Promise<RequestRow | undefined> => {
    const id = uuidv5(`${kind} ${projection} ${position ?? ''} ${context.commandId}`, namespace)
    const { actor, correlationId } = context
    await requests.insert({ id, projection, kind, position, reason, actor, correlation_id: correlationId })
    await wakeProjector(projection)
    const answer = await answered(id, answerMs)
    await recordNow()
    return answer
  }

  const rollback: ProjectionOperations['rollback'] = async (context, name) => {
    const projection = projectionNamed(name)
    const known = await stores.generations(projection).list(projection)
    if (!known.some(({ state }) => state === 'kept')) {
      if (!known.some(({ state }) => state === 'retired')) {
        throw conflict('nothing_to_roll_back', `no earlier generation of ${name} is kept`)
      }
      throw conflict(
        'rollback_other_version',
        `the earlier generation of ${name} is of another version and was not fed`,
      )
    }
    const answer = await request(context, name, 'rollback', null, null)
    if (answer === undefined) throw new FlowledgerError('unavailable', 'projector_unavailable', 'no projector answers')
    if (answer.generation === null)
      throw conflict('nothing_to_roll_back', answer.error ?? 'it could not be rolled back')
    return { generation: answer.generation }
  }

  const deadLetters: ProjectionOperations['deadLetters'] = async (name) => {
    const projection = projectionNamed(name)
    const active = (await stores.generations(projection).list(projection)).find(({ state }) => state === 'active')
    if (active === undefined) return []
    const ref = { projection, generation: active.generation }
    const asked = new Map((await requests.open(name)).map(({ position, kind }) => [position, kind]))
    return (await storeOf(projection).deadLetters(ref)).map((letter): DeadLetter => {
      const kind = asked.get(letter.position)
      return {
        ...letter,
        projection: name,
        generation: active.generation,
        position: String(letter.position),
        requested: kind === 'retry' || kind === 'discard' ? kind : null,
      }
    })
  }

  const settle = async (
    kind: 'retry' | 'discard',
    context: OperationContext,
    name: string,
    position: string,
    reason: string,
  ): Promise<DeadLetter> => {
    const letter = (await deadLetters(name)).find((candidate) => candidate.position === position)
    if (letter === undefined)
      throw notFound('dead_letter_not_found', `there is no dead letter of ${name} at ${position}`)
    const answer = await request(context, name, kind, BigInt(position), reason)
    if (answer?.error) throw conflict('dead_letter_not_applied', answer.error)
    return { ...letter, requested: answer === undefined ? kind : null }
  }

  const dryRun: ProjectionOperations['dryRun'] = async (name) => {
    const projection = projectionNamed(name)
    const generations = stores.generations(projection)
    const active = (await generations.list(projection)).find(({ state }) => state === 'active')
    const size =
      active === undefined
        ? { rows: 0, bytes: 0 }
        : await generations.size({ projection, generation: active.generation })
    const sample = await sampleLog(feed, projection)
    const events = estimateEvents(sample)
    const last = (await records.ofProjection(name, 20)).find((row) => row.processed > 0n && row.events_per_second > 0)
    // Writing costs about as much as reading where no earlier rebuild tells.
    const rate = last?.events_per_second ?? (sample.seconds > 0 ? (sample.events / sample.seconds) * 0.5 : 0)
    return {
      projection: name,
      ...size,
      estimatedEvents: events,
      estimatedSeconds: rate > 0 ? Math.round((events / rate) * 10) / 10 : 0,
    }
  }

  const keepRecording = async () => {
    while (!stopping.signal.aborted) {
      await recordNow()
      await channel.next('', 2_000)
    }
  }

  return {
    list: () => Promise.all(projections.map((projection) => status.of(projection))),
    status: async (name) => status.of(projectionNamed(name)),
    rebuild,
    dryRun,
    findRebuild: async (projection, id) => toRebuild(await findRow(projection, id)),
    rebuilds: async (name) => (await records.ofProjection(projectionNamed(name).name, 100)).map(toRebuild),
    progress,
    pause: async (_context, projection, id) => ask(running(await findRow(projection, id)), 'pause'),
    resume: async (_context, projection, id) => {
      const row = await findRow(projection, id)
      if (row.state !== 'paused') throw conflict('rebuild_not_paused', `the rebuild is ${row.state}`)
      return ask(row, 'resume')
    },
    cancel: async (_context, projection, id) => ask(running(await findRow(projection, id)), 'cancel'),
    rollback,
    verify: (name, options = {}) => {
      const projection = projectionNamed(name)
      return verifyLive({ generations: stores.generations(projection), streams }, projection, options.streams ?? 50)
    },
    deadLetters,
    retry: (...args) => settle('retry', ...args),
    discard: (...args) => settle('discard', ...args),
    start: async () => {
      await channel.start()
      recording = keepRecording()
    },
    stop: async () => {
      stopping.abort()
      await channel.stop()
      await recording
      await Promise.all([...opened.values()].map((store) => store.close()))
    },
  }
}

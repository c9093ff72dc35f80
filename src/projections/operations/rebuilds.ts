import { v5 as uuidv5 } from 'uuid'
import { conflict, notFound } from '../../domain/errors.js'
import type { RebuildRow } from '../rebuild/rebuildRecords.js'
import { operationEvent } from '../rebuild/runRebuild.js'
import { sleep } from '../runner/backoff.js'
import type { OperationsContext } from './operationsContext.js'
import { isOver, type OperationContext, type ProjectionOperations, type Rebuild } from './projectionOperations.js'
import { toRebuild } from './rebuildView.js'

type Rebuilds = Pick<
  ProjectionOperations,
  'rebuild' | 'findRebuild' | 'rebuilds' | 'progress' | 'pause' | 'resume' | 'cancel'
>

const dayMs = 86_400_000
const namespace = 'a5e5a3f2-4c9d-4a35-9f6c-3f6f9f0f8f11'
/** How long to wait for the projector to have done what was asked for. */
const obeyMs = 5_000
const pollMs = 500
const leastBetweenChangesMs = 100

/** Asking for rebuilds, watching and steering them. */
export const createRebuilds = (context: OperationsContext): Rebuilds => {
  const { feed, stores, records, channel, projectionNamed, wakeProjector, recordNow } = context

  const findRow = async (projection: string, rebuildId: string): Promise<RebuildRow> => {
    projectionNamed(projection)
    const row = await records.find(rebuildId)
    if (row === undefined || row.projection !== projection) {
      throw notFound('rebuild_not_found', `There is no rebuild ${rebuildId} of ${projection}.`)
    }
    return row
  }

  const rebuild: Rebuilds['rebuild'] = async ({ actor, commandId, correlationId, now }, name, options = {}) => {
    const projection = projectionNamed(name)
    const id = uuidv5(`rebuild ${name} ${commandId}`, namespace)
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
      actor,
      correlation_id: correlationId,
      started_at: now,
    })
    await records.record([
      operationEvent(row, new Date(now), 'RebuildStarted', {
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
  const ask = async (
    { actor, correlationId, commandId }: OperationContext,
    row: RebuildRow,
    requested: NonNullable<RebuildRow['requested']>,
    reason?: string,
  ): Promise<Rebuild> => {
    const requested_by = { actor, correlationId, commandId, ...(reason !== undefined && { reason }) }
    let current = await records.update(row.id, { requested, requested_by })
    await wakeProjector(row.projection)
    const until = performance.now() + obeyMs
    while (current.requested !== null && performance.now() < until) {
      await channel.next(row.id, 100)
      current = (await records.find(row.id)) ?? current
    }
    await recordNow()
    return toRebuild(current)
  }

  const askRunning =
    (requested: 'pause' | 'cancel'): Rebuilds['pause'] =>
    async (context, projection, id, reason) => {
      const row = await findRow(projection, id)
      if (isOver(row)) throw conflict('rebuild_not_running', `The rebuild is ${row.state}.`)
      return ask(context, row, requested, reason)
    }

  async function* progress(rebuildId: string, signal?: AbortSignal): AsyncGenerator<Rebuild> {
    let shown = ''
    while (signal?.aborted !== true) {
      const row = await records.find(rebuildId)
      if (row === undefined) throw notFound('rebuild_not_found', `There is no rebuild ${rebuildId}.`)
      const view = toRebuild(row)
      const text = JSON.stringify(view)
      if (text !== shown) yield view
      shown = text
      if (isOver(row)) return
      await sleep(leastBetweenChangesMs, signal)
      await channel.next(rebuildId, pollMs)
    }
  }

  return {
    rebuild,
    progress,
    findRebuild: async (projection, id) => toRebuild(await findRow(projection, id)),
    rebuilds: async (name) => (await records.ofProjection(projectionNamed(name).name, 100)).map(toRebuild),
    pause: askRunning('pause'),
    cancel: askRunning('cancel'),
    resume: async (context, projection, id, reason) => {
      const row = await findRow(projection, id)
      if (row.state !== 'paused') throw conflict('rebuild_not_paused', `The rebuild is ${row.state}.`)
      return ask(context, row, 'resume', reason)
    },
  }
}

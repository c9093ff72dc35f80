import { v5 as uuidv5 } from 'uuid'
import { FlowledgerError } from '../../domain/errors.js'
import type { Actor } from '../../domain/events/metadata.js'
import type { RebuildContext } from '../rebuild/context.js'
import { operationEvent } from '../rebuild/runRebuild.js'
import type { Generation } from '../store/projectionStore.js'

const projector: Actor = { kind: 'system', id: 'projector', name: 'projector' }
const namespace = '0b8f2b5e-9a51-4f0c-8d3a-5f6f6f1f3f4e'
const dayMs = 86_400_000n

/** The rows that readers see are of an older version: theirs stay while the new ones are built beside them. */
export const requestBuildOfVersion = async (context: RebuildContext, live: Generation): Promise<void> => {
  const { projection, records, generations, feed, now, log } = context
  const known = await generations.list(projection)
  const generation = Math.max(...known.map((each) => each.generation)) + 1
  const target = await feed.head()
  try {
    const row = await records.insert({
      id: uuidv5(`${projection.name} ${projection.version} ${generation} ${now().toISOString()}`, namespace),
      projection: projection.name,
      generation,
      from_generation: live.generation,
      version: projection.version,
      target_position: target,
      keep_ms: dayMs,
      on_difference: 'fail',
      actor: projector,
      correlation_id: `projection-${projection.name}-v${projection.version}`,
      started_at: now().toISOString(),
    })
    await records.record([
      operationEvent(row, now(), 'RebuildStarted', {
        projection: projection.name,
        rebuildId: row.id,
        generation,
        fromGeneration: live.generation,
        targetPosition: String(target ?? 0n),
      }),
    ])
    log(`${projection.name}: version ${projection.version} is built beside the live version ${live.version}`)
  } catch (error) {
    // One that was begun before goes on.
    if (!(error instanceof FlowledgerError) || error.code !== 'rebuild_in_progress') throw error
  }
}

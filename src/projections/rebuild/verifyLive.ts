import { conflict } from '../../domain/errors.js'
import type { EventStore } from '../../eventlog/eventStore.js'
import type { Projection } from '../model/projection.js'
import type { Verification } from '../operations/projectionOperations.js'
import type { GenerationStore } from '../store/projectionStore.js'
import { refold, takeSample } from './refold.js'

const namedDifferences = 20

/**
 * Folds sampled streams of the live rows once more from the log, from a process that does not feed them. The rows move on while
 * they are read, so streams that got an event meanwhile are left out. Throws `nothing_to_verify`.
 */
export const verifyLive = async (
  { generations, streams }: { generations: GenerationStore; streams: Pick<EventStore, 'readStream'> },
  projection: Projection,
  sampled: number,
  signal?: AbortSignal,
): Promise<Verification> => {
  const live = async () => (await generations.list(projection)).find(({ state }) => state === 'active')
  const before = await live()
  if (before === undefined)
    throw conflict('nothing_to_verify', `The projection ${projection.name} has no live generation yet.`)
  const sample = await takeSample(generations, { projection, generation: before.generation }, sampled)
  const after = await live()
  const range = { from: before.position, to: after?.position ?? before.position }
  const result = await refold(streams, projection.prefixes, sample, range, signal)
  return {
    equal: result.differences.length === 0,
    position: String(range.to ?? 0n),
    method: 'refold',
    rows: Object.fromEntries(
      sample.tables.map(({ table, rows }) => [table.name, { before: null, after: rows.length }]),
    ),
    differences: result.differences.slice(0, namedDifferences),
    sampledStreams: result.streams,
  }
}

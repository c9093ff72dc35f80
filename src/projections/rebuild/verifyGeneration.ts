import type { Verification } from '../operations/projectionOperations.js'
import type { Feeder } from '../projector/feeder.js'
import type { RebuildContext } from './context.js'
import { holdTogether } from './holdTogether.js'
import { refold, takeSample } from './refold.js'

const namedDifferences = 20
export const sampledStreams = 50

/** Row by row with the live generation, at a position where both rest for a moment. */
const compareWithLive = async (context: RebuildContext, live: Feeder, fresh: Feeder): Promise<Verification> => {
  const { position, resume } = await holdTogether([live, fresh])
  try {
    const { tables } = await context.generations.compare(live.ref, fresh.ref, resume)
    const differences = tables.flatMap(({ table, differences: found }) => found.map((each) => ({ table, ...each })))
    return {
      equal: differences.length === 0 && tables.every(({ before, after }) => before === after),
      position: String(position ?? 0n),
      method: 'generations',
      rows: Object.fromEntries(tables.map(({ table, before, after }) => [table, { before, after }])),
      differences: differences.slice(0, namedDifferences),
      sampledStreams: 0,
    }
  } finally {
    resume()
  }
}

/** For rows that nothing can be compared with: sampled streams, folded once more from the log. */
export const checkBySample = async (
  context: Pick<RebuildContext, 'generations' | 'streams'>,
  feeder: Feeder,
  streams: number,
): Promise<Verification> => {
  const { position, resume } = await holdTogether([feeder])
  let sample: Awaited<ReturnType<typeof takeSample>>
  try {
    sample = await takeSample(context.generations, feeder.ref, streams)
  } finally {
    resume()
  }
  const result = await refold(context.streams, feeder.ref.projection.prefixes, sample, {
    from: position,
    to: position,
  })
  return {
    equal: result.differences.length === 0,
    position: String(position ?? 0n),
    method: 'refold',
    rows: Object.fromEntries(
      sample.tables.map(({ table, rows }) => [table.name, { before: null, after: rows.length }]),
    ),
    differences: result.differences.slice(0, namedDifferences),
    sampledStreams: result.streams,
  }
}

/** A live generation of the same version is compared as a whole; else samples are folded again. */
export const verifyGeneration = (context: RebuildContext, fresh: Feeder): Promise<Verification> => {
  const live = context.activeFeeder()
  return live === undefined ? checkBySample(context, fresh, sampledStreams) : compareWithLive(context, live, fresh)
}

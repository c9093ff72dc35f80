import type { Feeder } from '../projector/feeder.js'

const furthest = (feeders: readonly Feeder[]): bigint | null =>
  feeders.reduce<bigint | null>((most, { runner, queue }) => {
    const at = [runner.position, queue.horizon].filter((position) => position !== null)
    return [most, ...at].reduce((a, b) => (a === null || (b !== null && b > a) ? b : a), most)
  }, null)

/**
 * Lets feeders rest at one and the same position, and tells which. Everything up to there is applied by each of them, nothing
 * after it. Null: the log is empty, there is nothing to rest from.
 */
export const holdTogether = async (
  feeders: readonly Feeder[],
): Promise<{ readonly position: bigint | null; readonly resume: () => void }> => {
  const position = furthest(feeders)
  if (position === null) return { position, resume: () => undefined }
  const hold = async ({ runner, reach }: Feeder) => {
    const [held] = await Promise.all([runner.holdAt(position), reach(position)])
    return held
  }
  const holds = await Promise.allSettled(feeders.map(hold))
  const resume = () => {
    for (const each of holds) if (each.status === 'fulfilled') each.value.resume()
  }
  const failed = holds.find(({ status }) => status === 'rejected')
  if (failed === undefined) return { position, resume }
  resume()
  throw (failed as PromiseRejectedResult).reason
}

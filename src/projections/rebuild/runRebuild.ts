import { asJson } from '../operations/projectionOperations.js'
import type { Feeder } from '../projector/feeder.js'
import { sleep } from '../runner/backoff.js'
import type { GenerationRef } from '../store/projectionStore.js'
import type { RebuildContext } from './context.js'
import { holdTogether } from './holdTogether.js'
import type { OperationEvent, RebuildPatch, RebuildRow } from './rebuildRecords.js'
import { replay } from './replay.js'
import { verifyGeneration } from './verifyGeneration.js'

/** The new generation is not what the live one is, and nobody said that it may be. */
export class VerificationFailed extends Error {
  override readonly name = 'VerificationFailed'
}

const untilLive = async (feeder: Feeder, signal: AbortSignal): Promise<void> => {
  while (!feeder.live && !signal.aborted) await Promise.race([sleep(20, signal), feeder.done])
}

export const operationEvent = (
  row: RebuildRow,
  now: Date,
  type: string,
  data: OperationEvent['data'],
): OperationEvent => ({
  projection: row.projection,
  type,
  data,
  actor: row.actor,
  correlationId: row.correlation_id,
  occurredAt: now.toISOString(),
  key: `${row.id} ${type}`,
})

/**
 * Carries a rebuild from the state that it is in to `swapped`. Each step may be repeated, so after a crash it goes on from the
 * state that was recorded last. Ends early, without error, when the signal aborts.
 */
export const runRebuild = async (context: RebuildContext, begun: RebuildRow, signal: AbortSignal): Promise<void> => {
  const { records, generations, projection, now } = context
  const ref: GenerationRef = { projection, generation: begun.generation }
  let row = begun
  const advance = async (patch: RebuildPatch, events: readonly OperationEvent[] = []) => {
    row = await records.update(row.id, patch, events)
  }
  const identity = { projection: projection.name, rebuildId: row.id, generation: row.generation }

  /** How long it held its locks; null where the signal aborted before. */
  const swap = async (fresh: Feeder): Promise<number | null> => {
    for (;;) {
      const live = context.activeFeeder()
      const { resume } = await holdTogether(live === undefined ? [fresh] : [live, fresh])
      try {
        const activation = await generations.activate(ref)
        if (activation.outcome === 'activated') {
          context.activated(ref.generation)
          return activation.lockedMs
        }
      } finally {
        resume()
      }
      // Another process still feeds the old version and is ahead for a moment.
      await sleep(50, signal)
      if (signal.aborted) return null
    }
  }

  if (row.state === 'preparing') {
    await generations.prepare(ref, { indexed: false })
    await advance({ state: 'replaying' })
  }
  if (row.state === 'replaying' && !signal.aborted) {
    await replay(context, row, ref, signal)
    if (signal.aborted) return
    await advance({ state: 'catching_up', eta_seconds: null })
  }
  if (signal.aborted) return
  await generations.finish(ref)
  const fresh = await context.feederFor(ref)
  await untilLive(fresh, signal)
  if (signal.aborted) return
  const alreadySwapped = (await generations.list(projection)).some(
    ({ generation, state }) => generation === ref.generation && state === 'active',
  )
  let lockedMs = row.swap_ms
  if (!alreadySwapped) {
    await advance({ state: 'verifying' })
    const verification = await verifyGeneration(context, fresh)
    if (signal.aborted) return
    await advance({ verification }, [
      operationEvent(row, now(), 'RebuildVerified', { ...identity, report: asJson(verification) }),
    ])
    if (!verification.equal && row.on_difference === 'fail') {
      const [first] = verification.differences
      const where = first === undefined ? 'row counts' : `${first.table} ${JSON.stringify(first.key)} (${first.kind})`
      throw new VerificationFailed(`the new rows differ from the live ones: ${where}`)
    }
    lockedMs = await swap(fresh)
    // Once it is swapped that is recorded, whatever was asked for meanwhile.
    if (lockedMs === null) return
  }
  const at = now()
  await advance(
    {
      state: 'swapped',
      requested: null,
      requested_by: null,
      swap_ms: lockedMs,
      position: fresh.runner.position,
      finished_at: at.toISOString(),
      keep_until: new Date(at.getTime() + Number(row.keep_ms)).toISOString(),
    },
    [operationEvent(row, at, 'RebuildSwapped', { ...identity, position: String(fresh.runner.position ?? 0n) })],
  )
  const locked = lockedMs === null ? '' : `, the swap held its locks for ${lockedMs.toFixed(1)} ms`
  context.log(`${projection.name}: generation ${ref.generation} is live (${row.processed} events replayed${locked})`)
}

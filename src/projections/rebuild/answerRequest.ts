import { PoisonFound } from '../runner/batchWriter.js'
import type { RebuildContext } from './context.js'
import { holdTogether } from './holdTogether.js'
import type { OperationEvent } from './rebuildRecords.js'
import type { RequestRecords, RequestRow } from './requestRecords.js'

const eventOf = (request: RequestRow, now: Date, type: string, data: OperationEvent['data']): OperationEvent => ({
  projection: request.projection,
  type,
  data,
  actor: request.actor,
  correlationId: request.correlation_id,
  occurredAt: now.toISOString(),
  key: `${request.id} ${type}`,
})

/** Back to the generation before. It was kept fed, so readers go on where they are. */
const rollBack = async (context: RebuildContext): Promise<{ from: number; to: number }> => {
  const { generations, projection } = context
  const kept = (await generations.list(projection)).filter(({ state }) => state === 'kept').at(-1)
  const live = context.activeFeeder()
  if (kept === undefined || live === undefined) throw new Error('there is no generation to go back to')
  const feeder = await context.feederFor({ projection, generation: kept.generation })
  while (!feeder.live) await Promise.race([new Promise((resolve) => setTimeout(resolve, 20)), feeder.done])
  const { resume } = await holdTogether([live, feeder])
  try {
    if ((await generations.activate(feeder.ref)).outcome === 'behind')
      throw new Error('the generation before is behind')
    context.activated(kept.generation)
  } finally {
    resume()
  }
  return { from: live.ref.generation, to: kept.generation }
}

const releaseDeadLetter = async (context: RebuildContext, request: RequestRow, mode: 'retry' | 'discard') => {
  const feeder = context.activeFeeder()
  if (feeder === undefined) throw new Error('the live rows are of another version of the projection')
  const store = context.openStore('dead letters')
  try {
    const letter = (await store.deadLetters(feeder.ref)).find(({ position }) => position === request.position)
    if (letter === undefined) throw new Error(`there is no dead letter at ${request.position}`)
    await feeder.runner.between((writer) => writer.release(letter.stream, mode))
    return letter
  } finally {
    await store.close()
  }
}

const carryOut = async (context: RebuildContext, requests: RequestRecords, request: RequestRow): Promise<void> => {
  const { records, now } = context
  if (request.kind === 'rollback') {
    const { from, to } = await rollBack(context)
    const data = { projection: request.projection, fromGeneration: from, toGeneration: to }
    await records.record([eventOf(request, now(), 'RebuildRolledBack', data)])
    return requests.finish(request.id, { generation: to })
  }
  const letter = await releaseDeadLetter(context, request, request.kind)
  await records.record([
    eventOf(request, now(), request.kind === 'retry' ? 'DeadLetterRetried' : 'DeadLetterDiscarded', {
      projection: request.projection,
      position: String(letter.position),
      key: letter.stream,
      reason: request.reason ?? '',
    }),
  ])
  await requests.finish(request.id, {})
}

/** Does what was asked, or says why it can't be done. */
export const answerRequest = async (
  context: RebuildContext,
  requests: RequestRecords,
  request: RequestRow,
): Promise<void> => {
  try {
    await carryOut(context, requests, request)
  } catch (error) {
    const reason = error instanceof PoisonFound || error instanceof Error ? error.message : String(error)
    context.log(`${request.kind} of ${request.projection}: ${reason}`)
    await requests.finish(request.id, { error: reason })
  }
}

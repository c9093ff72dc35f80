import { v5 as uuidv5 } from 'uuid'
import { conflict, FlowledgerError, notFound } from '../../domain/errors.js'
import { sentence } from '../../domain/sentence.js'
import type { RequestRow } from '../rebuild/requestRecords.js'
import { sleep } from '../runner/backoff.js'
import type { OperationsContext } from './operationsContext.js'
import type { DeadLetter, OperationContext, ProjectionOperations } from './projectionOperations.js'

type Requests = Pick<ProjectionOperations, 'rollback' | 'deadLetters' | 'retry' | 'discard'>

const namespace = 'a5e5a3f2-4c9d-4a35-9f6c-3f6f9f0f8f11'
/** How long a request may take before the projector counts as away. */
const answerMs = 30_000

/** What the projector does between two batches and answers: rollback, and dead letters. */
export const createProjectorRequests = (context: OperationsContext): Requests => {
  const { stores, requests, projectionNamed, storeOf, wakeProjector, recordNow } = context

  const answered = async (id: string): Promise<RequestRow | undefined> => {
    const until = performance.now() + answerMs
    for (;;) {
      const row = await requests.find(id)
      if (row !== undefined && row.state !== 'requested') return row
      if (performance.now() > until) return undefined
      await sleep(50)
    }
  }

  /** Undefined: no answer yet. */
  const request = async (
    { actor, correlationId, commandId }: OperationContext,
    projection: string,
    kind: RequestRow['kind'],
    position: bigint | null,
    reason: string | null,
  ): Promise<RequestRow | undefined> => {
    const id = uuidv5(`${kind} ${projection} ${position ?? ''} ${commandId}`, namespace)
    await requests.insert({ id, projection, kind, position, reason, actor, correlation_id: correlationId })
    await wakeProjector(projection)
    const answer = await answered(id)
    await recordNow()
    return answer
  }

  const rollback: Requests['rollback'] = async (operation, name) => {
    const projection = projectionNamed(name)
    const known = await stores.generations(projection).list(projection)
    if (!known.some(({ state }) => state === 'kept')) {
      if (!known.some(({ state }) => state === 'retired')) {
        throw conflict('nothing_to_roll_back', `No earlier generation of ${name} is kept.`)
      }
      throw conflict(
        'rollback_other_version',
        `The earlier generation of ${name} is of another version and was not fed.`,
      )
    }
    const answer = await request(operation, name, 'rollback', null, null)
    if (answer === undefined) throw new FlowledgerError('unavailable', 'projector_unavailable', 'No projector answers.')
    if (answer.generation === null)
      throw conflict('nothing_to_roll_back', sentence(answer.error ?? 'It could not be rolled back'))
    return { generation: answer.generation }
  }

  const deadLetters: Requests['deadLetters'] = async (name) => {
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

  const settle =
    (kind: 'retry' | 'discard'): Requests['retry'] =>
    async (operation, name, position, reason) => {
      const letter = (await deadLetters(name)).find((candidate) => candidate.position === position)
      if (letter === undefined)
        throw notFound('dead_letter_not_found', `There is no dead letter of ${name} at ${position}.`)
      const answer = await request(operation, name, kind, BigInt(position), reason)
      if (answer?.error) throw conflict('dead_letter_not_applied', sentence(answer.error))
      return { ...letter, requested: answer === undefined ? kind : null }
    }

  return { rollback, deadLetters, retry: settle('retry'), discard: settle('discard') }
}

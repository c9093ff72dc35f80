import { consistencyToken } from '../headers/consistencyToken.js'
import { entityTag } from '../headers/entityTag.js'
import type { AnswerHeaders, ResponseHeaderName } from './answer.js'

/** What every outcome of a command says about its stream. */
export interface Outcome {
  readonly revision: number
  readonly position: bigint | undefined
  readonly replayed: boolean
}

/** The headers that answers of commands declare. */
export const commandHeaderNames = [
  'ETag',
  'X-Consistency-Token',
  'Idempotency-Replayed',
] as const satisfies ResponseHeaderName[]

/** ETag, consistency token and whether it is the answer of an earlier, equal request. */
export const commandHeaders = ({ revision, position, replayed }: Outcome, more: AnswerHeaders = {}): AnswerHeaders => ({
  ETag: entityTag(revision),
  'X-Consistency-Token': position === undefined ? undefined : consistencyToken(position),
  'Idempotency-Replayed': replayed ? 'true' : undefined,
  ...more,
})

/** What becomes of a message that a consumer does not acknowledge, in the numbers of the protocol. */
export type NackAction = 'unknown' | 'park' | 'retry' | 'skip' | 'stop'

const ACTIONS: readonly NackAction[] = ['unknown', 'park', 'retry', 'skip', 'stop']
export const nackAction = (code: number): NackAction => ACTIONS[code] ?? 'unknown'

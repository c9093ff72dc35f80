import type { FilterRequest } from '../api/filterRequest.js'
import type { From } from '../api/readRequest.js'

export type ConsumerStrategyName = 'DispatchToSingle' | 'RoundRobin' | 'Pinned'

export const CONSUMER_STRATEGIES: readonly ConsumerStrategyName[] = ['DispatchToSingle', 'RoundRobin', 'Pinned']

/** How a group delivers. Times in ms. */
export interface GroupSettings {
  readonly resolveLinks: boolean
  readonly extraStatistics: boolean
  /** Where the group begins, the first event included. */
  readonly startFrom: From
  /** 0 waits for ever. */
  readonly messageTimeout: number
  readonly maxRetryCount: number
  readonly checkpointAfter: number
  readonly minCheckpointCount: number
  readonly maxCheckpointCount: number
  /** 0 for any number. */
  readonly maxSubscriberCount: number
  readonly liveBufferSize: number
  readonly readBatchSize: number
  readonly historyBufferSize: number
  readonly strategy: ConsumerStrategyName
}

/** A group as it is kept. */
export interface GroupDefinition {
  /** The name of a stream, or `$all`. */
  readonly source: string
  readonly name: string
  readonly settings: GroupSettings
  /** Of `$all` only. */
  readonly filter?: FilterRequest
}

export const ALL = '$all'

/** What is wrong with settings, if anything. */
export function faultOf(settings: GroupSettings): string | undefined {
  if (settings.readBatchSize < 1) return 'The read batch size must be above 0.'
  if (settings.historyBufferSize <= settings.readBatchSize) {
    return 'The history buffer size must be larger than the read batch size.'
  }
  if (settings.liveBufferSize < 1) return 'The live buffer size must be above 0.'
  if (settings.maxRetryCount < 0) return 'The maximum retry count cannot be negative.'
  if (settings.maxSubscriberCount < 0) return 'The maximum subscriber count cannot be negative.'
  if (settings.minCheckpointCount > settings.maxCheckpointCount) {
    return 'The lower bound of checkpoints is above their upper bound.'
  }
  return undefined
}

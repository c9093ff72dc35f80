import type { Actor } from '../../domain/events/metadata.js'
import type { JsonObject } from '../../domain/json.js'

export type ProjectionState = 'live' | 'catching_up' | 'rebuilding' | 'stalled' | 'paused'

/** `state` where a projector reported it in the last seconds; else `stalled`: nobody feeds it. */
export interface ProjectionStatus {
  readonly name: string
  readonly version: number
  readonly store: 'postgres' | 'mongo'
  readonly state: ProjectionState
  /** Log position up to which it has applied everything; null: nothing yet. */
  readonly position: bigint | null
  /** Position of the newest event of the log; null when it is empty or can't be reached. */
  readonly head: bigint | null
  readonly lagEvents: number
  readonly lagMs: number
  /** Events applied per second, over the last seconds. */
  readonly eventsPerSecond: number
  readonly generation: number | null
  /** The live rows are those of the version that this program knows. */
  readonly ready: boolean
  readonly deadLetters: number
  /** Times that its subscription had to be made anew. */
  readonly reconnects: number
  /** Why it is stalled. */
  readonly error: string | null
  /** The rebuild under way, if any. */
  readonly rebuildId: string | null
}

export type RebuildState =
  | 'preparing'
  | 'replaying'
  | 'catching_up'
  | 'verifying'
  | 'swapped'
  | 'completed'
  | 'paused'
  | 'failed'
  | 'cancelled'

const overStates: ReadonlySet<RebuildState> = new Set(['swapped', 'completed', 'failed', 'cancelled'])

/** Whether nothing more happens to a rebuild that an operator waits for. */
export const isOver = ({ state }: { readonly state: RebuildState }): boolean => overStates.has(state)

/** One row that the two generations do not agree on, by its key. */
export interface Difference {
  readonly table: string
  readonly key: Readonly<Record<string, string>>
  readonly kind: 'missing' | 'unexpected' | 'different'
  /** Where it is `different`: in these columns. */
  readonly columns?: readonly string[]
}

export interface Verification {
  readonly equal: boolean
  /** The log position at which both were compared. */
  readonly position: string
  /** `generations`: with the live generation, row by row. `refold`: sampled streams, folded from the log on a path of its own. */
  readonly method: 'generations' | 'refold'
  readonly rows: Readonly<Record<string, { readonly before: number | null; readonly after: number }>>
  /** Up to 20 of them. */
  readonly differences: readonly Difference[]
  readonly sampledStreams: number
}

export interface Rebuild {
  readonly id: string
  readonly projection: string
  readonly state: RebuildState
  readonly generation: number
  readonly fromGeneration: number | null
  /** Events replayed. */
  readonly processed: number
  /** While it replays: in the last half second. When it is over: from its start to its end. Else 0. */
  readonly eventsPerSecond: number
  /** Bytes written to the store. */
  readonly bytes: number
  /** 0 to 1, by log position against the target at the start. */
  readonly progress: number
  /**
   * Until it has replayed the log to the target; null where it does not replay, and until it has replayed a
   * hundredth: before, that can't be told.
   */
  readonly etaSeconds: number | null
  readonly position: string | null
  readonly targetPosition: string
  readonly startedAt: string
  readonly finishedAt: string | null
  /** Until when the old generation is kept. */
  readonly keepUntil: string | null
  /** How long the swap held its locks: longer no reader waited for it. */
  readonly swapMs: number | null
  readonly verification: Verification | null
  readonly error: string | null
  readonly startedBy: Actor
}

export interface DryRun {
  readonly projection: string
  /** Of the live generation: exact where it is small, else as the store estimates them. */
  readonly rows: number
  readonly bytes: number
  /** From a sample of the log. */
  readonly estimatedEvents: number
  readonly estimatedSeconds: number
}

export interface DeadLetter {
  readonly projection: string
  readonly generation: number
  readonly position: string
  /** The stream whose later events are held behind it. */
  readonly stream: string
  readonly revision: number
  readonly eventId: string
  readonly type: string
  readonly reason: string
  readonly at: string
  /** Events held behind it. */
  readonly held: number
  /** What an operator asked for and the projector has not done yet. */
  readonly requested: 'retry' | 'discard' | null
}

/** Who asks, and under which ids it goes into the log. */
export interface OperationContext {
  readonly actor: Actor
  readonly commandId: string
  readonly correlationId: string
  /** ISO time. */
  readonly now: string
}

export interface RebuildOptions {
  /** How long the old generation is kept and fed after the swap. Default 24 hours. */
  readonly keepMs?: number
  /**
   * What to do when the new generation differs from the live one. Default `fail`: the live rows stay, and the report names
   * what differs. `swap`: for an operator who has read the report and knows that the live rows are the wrong ones.
   */
  readonly onDifference?: 'fail' | 'swap'
}

export interface VerifyOptions {
  /** How many are sampled; 50 where it is absent. */
  readonly streams?: number
  /** Gives it up between two streams. */
  readonly signal?: AbortSignal
}

/**
 * What operators can do. Requests go through the database and are carried out by the projector, wherever it runs. All throw
 * FlowledgerError: `projection_not_found`, `rebuild_not_found`, `dead_letter_not_found` (404), `rebuild_in_progress`,
 * `rebuild_not_running`, `rebuild_not_paused`, `nothing_to_roll_back`, `rollback_other_version`, `nothing_to_verify` (409).
 */
export interface ProjectionOperations {
  list(): Promise<readonly ProjectionStatus[]>
  status(projection: string): Promise<ProjectionStatus>
  /** Several at once are asked for one by one. */
  rebuild(context: OperationContext, projection: string, options?: RebuildOptions): Promise<Rebuild>
  dryRun(projection: string): Promise<DryRun>
  findRebuild(projection: string, rebuildId: string): Promise<Rebuild>
  /** Newest first. */
  rebuilds(projection: string): Promise<readonly Rebuild[]>
  /** Yields whenever something changed (at most every 100 ms) and ends when the rebuild has been swapped, failed or cancelled. */
  progress(rebuildId: string, signal?: AbortSignal): AsyncIterable<Rebuild>
  pause(context: OperationContext, projection: string, rebuildId: string, reason?: string): Promise<Rebuild>
  resume(context: OperationContext, projection: string, rebuildId: string, reason?: string): Promise<Rebuild>
  cancel(context: OperationContext, projection: string, rebuildId: string, reason?: string): Promise<Rebuild>
  /** Swaps back to the generation before, which was kept fed. Resolves when it is done. */
  rollback(context: OperationContext, projection: string): Promise<{ readonly generation: number }>
  /** Re-folds sampled streams, of those that have rows, from the log and compares them with the live rows; changes nothing. */
  verify(projection: string, options?: VerifyOptions): Promise<Verification>
  deadLetters(projection: string): Promise<readonly DeadLetter[]>
  retry(context: OperationContext, projection: string, position: string, reason: string): Promise<DeadLetter>
  discard(context: OperationContext, projection: string, position: string, reason: string): Promise<DeadLetter>
}

/** As it stands in a verification event. */
export const asJson = (verification: Verification): JsonObject => JSON.parse(JSON.stringify(verification)) as JsonObject

/** What a wait ended with. `position`: up to where the projection has applied the log; null: nothing yet. */
export interface WaitResult {
  readonly reached: boolean
  readonly position: bigint | null
}

/** Read your writes: a consistency token is a log position, and a read waits until its projection has passed it. */
export interface ProjectionProgress {
  /** Resolves at once when the projection is known to be there, else when it is, or after `timeoutMs`. */
  waitFor(projection: string, position: bigint, timeoutMs: number): Promise<WaitResult>
  start(): Promise<void>
  stop(): Promise<void>
}

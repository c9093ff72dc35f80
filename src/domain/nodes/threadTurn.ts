/** Who asks for one of the few threads in which users' code and costly expressions run. */
export interface ThreadTurn {
  /** Those of one group take turns with other groups: a workflow does not keep the others waiting. */
  readonly group: string
  /** How long it waits for a thread at most, in milliseconds; then it fails with `no_free_thread` and is tried again. */
  readonly maxWaitMs: number
  /** The wait begins: the attempt's time stands still until the function that it gives back is called. */
  wait(): () => void
}

/** The class of failures of attempts that never began. They do not count as tries. */
export const capacityClass = 'capacity'

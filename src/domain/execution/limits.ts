/** Bytes of JSON (events.md). */
export const runLimits = {
  /** Data of one event; a node whose output makes a larger one fails with `output_too_large`. */
  event: 256 * 1024,
  /** Input of a run and payload of a signal: an event's data without room for its other fields. */
  input: 256 * 1024 - 2_048,
  /** Where one append is cut. The rest of its 900 KiB is for what follows before the next place where it can be cut. */
  append: 560 * 1024,
  /** About what an event takes beside its payload: ids, metadata, hashes. */
  eventOverhead: 1_100,
  /** Dead edges that a NodeSkipped names, and those of them whose source's decisions it repeats. */
  deadEdges: 200,
  deadEdgeDecisions: 10,
} as const

/** Attempts in a row that crashed their process, after which a step is held (execution.md, crash recovery, 6). */
export const maxCrashes = 3

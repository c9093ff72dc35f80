/**
 * Bounds of expressions. A step is about the work of one node of the syntax tree (some 20 ns); what walks data is
 * charged by its size. Checked when an expression is saved: length, nodes, nesting. Checked at run: steps, text.
 */
export const expressionLimits = {
  /** Characters of one expression. */
  sourceLength: 16_384,
  /** Nodes of its syntax tree. */
  nodes: 2_000,
  /** Nesting of calls, accesses, lists and maps. */
  depth: 64,
  /** Loops (map, filter, all, …) within loops. */
  loopDepth: 4,
  /** Entries of a list or map literal. */
  literalEntries: 1_000,
  /** Steps of one evaluation inside the process that answers requests. */
  inlineSteps: 200_000,
  /** Steps of one evaluation in a worker thread. */
  workerSteps: 50_000_000,
  /** Characters of any string that an expression builds. */
  textLength: 1_048_576,
  /** Characters and compiled instructions of a pattern for matches(). */
  patternLength: 512,
  patternProgram: 1_000,
  /** Depth of a result. */
  resultDepth: 128,
} as const

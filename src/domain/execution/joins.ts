import type { Join } from '../definition.js'

/** The resolved in-edges of a node, counted. */
export interface JoinCount {
  readonly edges: number
  taken: number
  dead: number
}

/** What the join policy makes of the in-edges resolved so far (the table of execution.md). */
export const decideJoin = (join: Join, { edges, taken, dead }: JoinCount): 'run' | 'skip' | 'undecided' => {
  if (join === 'all') {
    if (taken + dead < edges) return 'undecided'
    return taken > 0 ? 'run' : 'skip'
  }
  const needed = join === 'allTaken' ? Math.max(1, edges) : join === 'any' ? 1 : join.quorum
  if (taken >= needed) return 'run'
  return edges - dead < needed ? 'skip' : 'undecided'
}

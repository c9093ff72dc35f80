import type { FilterRequest } from '../api/filterRequest.js'

/** Decides when a filtered subscription tells how far it has looked. Never tells a position twice. */
interface Checkpoints {
  /** Counts an event that was looked at; true when a checkpoint is due at it. */
  consider(position: number): boolean
  /** The position to tell at the head of the log, if it was not told. */
  atHead(): number | undefined
}

export function createCheckpoints(filter: FilterRequest): Checkpoints {
  const interval = filter.window * filter.multiplier
  let considered = 0
  let last = 0
  let told = 0
  const tell = () => {
    considered = 0
    told = last
    return told
  }
  return {
    consider(position) {
      last = position
      if (++considered < interval) return false
      tell()
      return true
    },
    atHead: () => (last > told ? tell() : undefined),
  }
}

/** Runs work on the same key one after the other, on different keys concurrently. */
export type InTurn = <T>(key: string, work: () => Promise<T>) => Promise<T>

/**
 * Commands of this process on one stream queue here instead of losing against each other at the log. Costs nothing but a
 * map entry while a stream is idle.
 */
export const createInTurn = (): InTurn => {
  const last = new Map<string, Promise<unknown>>()
  return (key, work) => {
    const before = last.get(key)
    const turn = before === undefined ? work() : before.then(work, work)
    last.set(key, turn)
    const leave = (): void => {
      if (last.get(key) === turn) last.delete(key)
    }
    turn.then(leave, leave)
    return turn
  }
}

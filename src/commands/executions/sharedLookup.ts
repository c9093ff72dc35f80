/** Asks once for those who ask for the same at the same time. Nothing is kept once it was answered. */
export const sharedLookup = <T>(look: (key: string) => Promise<T>): ((key: string) => Promise<T>) => {
  const asked = new Map<string, Promise<T>>()
  return (key) => {
    const running = asked.get(key)
    if (running !== undefined) return running
    const answer = look(key).finally(() => asked.delete(key))
    asked.set(key, answer)
    return answer
  }
}

/**
 * The same items, with `beat` whenever nothing came for so long: proxies keep the connection, and a client that has left is
 * found out.
 */
export async function* withHeartbeat<T>(items: AsyncIterable<T>, milliseconds: number, beat: T): AsyncGenerator<T> {
  const iterator = items[Symbol.asyncIterator]()
  let pending = iterator.next()
  try {
    for (;;) {
      let timer: NodeJS.Timeout | undefined
      const quiet = new Promise<'quiet'>((resolve) => {
        timer = setTimeout(() => resolve('quiet'), milliseconds)
      })
      const result = await Promise.race([pending, quiet]).finally(() => clearTimeout(timer))
      if (result === 'quiet') {
        yield beat
        continue
      }
      if (result.done === true) return
      yield result.value
      pending = iterator.next()
    }
  } finally {
    // Whoever left early must not leave an unhandled rejection behind.
    pending.catch(() => undefined)
    await iterator.return?.()
  }
}

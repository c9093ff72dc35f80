import type { EventEmitter } from 'node:events'

export interface Inbox<T> {
  readonly items: T[]
  /** Waits until `count` items have come. */
  take(count: number): Promise<T[]>
  /** Waits for the end of the stream by an error. */
  readonly failure: Promise<Error>
}

/** Collects what a subscription emits. `map` gives undefined for what is of no interest. */
export function inboxOf<T, I = unknown>(emitter: EventEmitter, map: (item: I) => T | undefined): Inbox<T> {
  const items: T[] = []
  let wake: (() => void) | undefined
  let broken: Error | undefined
  emitter.on('data', (item: I) => {
    const mapped = map(item)
    if (mapped === undefined) return
    items.push(mapped)
    wake?.()
  })
  const failure = new Promise<Error>((resolve) => {
    emitter.once('error', (error: Error) => {
      broken = error
      resolve(error)
      wake?.()
    })
  })
  return {
    items,
    failure,
    async take(count) {
      while (items.length < count) {
        if (broken) throw broken
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      return items.slice(0, count)
    },
  }
}

import { type JSONEventData, jsonEvent } from '@eventstore/db-client'

/** Events of one type, numbered in their data. */
export function numbered(count: number, type = 'Counted', from = 0): JSONEventData[] {
  return Array.from({ length: count }, (_, index) => jsonEvent({ type, data: { n: from + index } }))
}

export async function collect<T>(iterable: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of iterable) items.push(item)
  return items
}

/** What a promise was rejected with. */
export async function rejection(promise: Promise<unknown>): Promise<Error & { type?: string }> {
  try {
    await promise
  } catch (error) {
    return error as Error & { type?: string }
  }
  throw new Error('The promise was not rejected.')
}

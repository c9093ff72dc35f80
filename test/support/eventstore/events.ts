import { randomUUID } from 'node:crypto'
import type { JSONEventData } from '@eventstore/db-client'

/** Events of one type, numbered in their data. */
export function numbered(count: number, type = 'Counted', from = 0): JSONEventData[] {
  return Array.from({ length: count }, (_, index) => ({
    id: randomUUID(),
    contentType: 'application/json',
    type,
    data: { n: from + index },
    metadata: undefined,
  }))
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

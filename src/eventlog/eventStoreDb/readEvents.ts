import type { StoredEvent } from '../../domain/events/recordedEvent.js'
import { asLogError } from './errors.js'
import type { LogCalls, ReadCall } from './logCalls.js'
import { decodeReadResponse } from './messages/readResponse.js'

const open = async (calls: LogCalls, request: Buffer): Promise<ReadCall> => {
  try {
    return await calls.read(request)
  } catch (error) {
    throw asLogError(error)
  }
}

/** All events of a read at once. A stream that does not exist has none. */
export const readWhole = async (calls: LogCalls, request: Buffer): Promise<StoredEvent[]> => {
  const call = await open(calls, request)
  const events: StoredEvent[] = []
  return new Promise((resolve, reject) => {
    call.on('data', (bytes: Buffer) => {
      const item = decodeReadResponse(bytes).item
      if (item?.kind === 'event') events.push(item.event)
    })
    call.on('error', (error: unknown) => reject(asLogError(error)))
    call.on('end', () => resolve(events))
  })
}

/** The events of a read one by one; no more of them are fetched than the reader keeps up with. */
export async function* readEvents(calls: LogCalls, request: Buffer): AsyncIterable<StoredEvent> {
  const call = await open(calls, request)
  try {
    for await (const bytes of call) {
      const item = decodeReadResponse(bytes as Buffer).item
      if (item?.kind === 'event') yield item.event
    }
  } catch (error) {
    throw asLogError(error)
  } finally {
    cancel(call)
  }
}

/** Ends a call that may still be open; what it says to that is expected. */
export const cancel = (call: ReadCall): void => {
  call.on('error', () => undefined)
  call.cancel()
}

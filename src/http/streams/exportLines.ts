import type { RecordedEvent } from '../../domain/events/recordedEvent.js'
import { historyEventView } from '../views/eventView.js'

const bufferedCharacters = 16_384

/** Events as lines of JSON, several lines to a chunk. Ends when the signal aborts. */
export async function* exportLines(events: AsyncIterable<RecordedEvent>, signal: AbortSignal): AsyncGenerator<string> {
  let lines = ''
  for await (const event of events) {
    if (signal.aborted) return
    lines += `${JSON.stringify(historyEventView(event))}\n`
    if (lines.length < bufferedCharacters) continue
    yield lines
    lines = ''
  }
  if (lines !== '') yield lines
}

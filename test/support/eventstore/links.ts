import { randomUUID } from 'node:crypto'
import type { BinaryEventData } from '@eventstore/db-client'

/** A link event; the client's own event functions know only events of users. */
export function linkTo(stream: string, revision: number): BinaryEventData {
  const data = Buffer.from(`${revision}@${stream}`)
  return { id: randomUUID(), type: '$>', contentType: 'application/octet-stream', data, metadata: undefined }
}

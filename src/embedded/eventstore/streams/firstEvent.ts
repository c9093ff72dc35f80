import type { ServerContext } from '../context.js'
import { metadataEvent } from './appendEvents.js'

const STATISTICS_METASTREAM = '$$$stats-127.0.0.1:2113'

/** A real log is never empty: a fresh node has written about itself before its first client comes. */
export async function writeFirstEvent({ store, writer }: ServerContext): Promise<void> {
  if (store.head > 0) return
  await writer.write((staging) => {
    staging.append(STATISTICS_METASTREAM, metadataEvent(Buffer.from('{"$maxAge":86400}')))
  })
}

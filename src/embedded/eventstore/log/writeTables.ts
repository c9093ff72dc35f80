import { EventStoreError } from '../errors.js'
import type { LogDatabase } from './database.js'
import { eventKey, nameKey, positionKey } from './keys.js'
import type { LogAddition, MetaWrite } from './logGroup.js'
import { revisionOf, streamIdOf, streamNameOf, TOMBSTONE_REVISION } from './record.js'
import { putSettled } from './settledMark.js'
import type { Removal } from './staging.js'

/**
 * Brings additions into the data file in one transaction, which is on disk when this resolves, and takes out `removals`.
 * `last` is the number of the last group among them.
 * @throws EventStoreError `commit-failed`, and nothing is changed.
 */
export async function writeTables(
  database: LogDatabase,
  additions: readonly LogAddition[],
  last: number,
  removals: readonly Removal[],
): Promise<void> {
  try {
    // Within a batch single writes have no outcome of their own.
    await database.root.batch(() => {
      for (const addition of additions) putAddition(database, addition)
      for (const removal of removals) takeOut(database, removal)
      putSettled(database, last)
    })
  } catch (error) {
    throw commitFailure(error)
  }
}

/** Puts records where reads find them. To be called within a transaction or a batch, which alone has an outcome. */
export function putAddition(
  { log, index, names, meta }: LogDatabase,
  { position, records, metaWrites }: LogAddition,
): void {
  const logKey = Buffer.allocUnsafe(6)
  const indexKey = Buffer.allocUnsafe(10)
  let next = position
  for (const record of records) {
    const streamId = streamIdOf(record)
    const revision = revisionOf(record)
    void log.put(positionKey(next, logKey), record)
    // LMDB copies keys at once, but takes values when it writes them.
    void index.put(eventKey(streamId, revision, indexKey), positionKey(next++))
    // What comes first in a stream is its event 0, or a tombstone.
    if (revision === 0 || revision === TOMBSTONE_REVISION) putName(names, streamNameOf(record), streamId)
  }
  for (const write of metaWrites) putMeta(meta, write)
}

/** The name is kept beside the number because a long name is keyed by its hash. */
function putName(names: LogDatabase['names'], name: string, streamId: number): void {
  const bytes = Buffer.from(name, 'utf8')
  const value = Buffer.allocUnsafe(4 + bytes.length)
  value.writeUInt32BE(streamId, 0)
  bytes.copy(value, 4)
  void names.put(nameKey(name), value)
}

function putMeta(meta: LogDatabase['meta'], { key, value }: MetaWrite): void {
  void (value ? meta.put(key, value) : meta.remove(key))
}

function takeOut({ log, index }: LogDatabase, { position, streamId, revision }: Removal): void {
  void log.remove(positionKey(position))
  void index.remove(eventKey(streamId, revision))
}

function commitFailure(error: unknown): EventStoreError {
  const cause = error as Error & { commitError?: Promise<never> }
  const failure = new EventStoreError('commit-failed', 'The events could not be written to disk.', { cause })
  // LMDB tells the reason later, by rejecting this promise; without a listener that would end the process.
  cause.commitError?.catch((reason: unknown) => {
    failure.cause = reason
  })
  return failure
}

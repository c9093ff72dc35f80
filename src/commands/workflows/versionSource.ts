import { LRUCache } from 'lru-cache'
import type { PinnedVersion } from '../../domain/definitionSource.js'
import { decodeEvent } from '../../domain/events/decodeEvent.js'
import type { RecordedEvent, StoredEvent } from '../../domain/events/recordedEvent.js'
import { streamName } from '../../domain/streams.js'
import type { SavedVersion } from '../../domain/workflow/state.js'
import type { EventStore } from '../../eventlog/eventStore.js'
import { pageSize, readPage } from '../handling/readPage.js'
import { repeatWhileUnavailable } from '../handling/repeatWhileUnavailable.js'

/** A saved version with everything that was recorded of it. */
export interface LoadedVersion extends PinnedVersion, Omit<SavedVersion, 'snapshot'> {}

/**
 * Saved versions out of the workflows' own streams, kept in memory (they never change). The same object comes back for the
 * same version as long as it is kept, so what is compiled of it can be cached by its identity.
 */
export interface VersionSource {
  /** Undefined where the workflow or the version does not exist. Throws `log_unavailable`. */
  loadVersion(workflowId: string, number: number): Promise<LoadedVersion | undefined>
}

const toLoadedVersion = (workflowId: string, stored: StoredEvent): LoadedVersion => {
  const event = decodeEvent(stored) as RecordedEvent & { type: 'VersionSaved' }
  const { versionId, number, label, snapshot, contentHash, findings } = event.data
  const { occurredAt: createdAt, actor: createdBy } = event.metadata
  return { workflowId, versionId, number, label, contentHash, definition: snapshot, findings, createdAt, createdBy }
}

/** The number of the version that an event saves, if it saves one. */
const numberOf = ({ type, data }: StoredEvent): number | undefined =>
  type === 'VersionSaved' ? (data as { number: number }).number : undefined

/** `maxVersions`: how many are kept in memory. */
export const createVersionSource = ({
  store,
  maxVersions = 500,
}: {
  readonly store: EventStore
  readonly maxVersions?: number
}): VersionSource => {
  const known = new LRUCache<string, LoadedVersion>({ max: maxVersions })
  const reading = new Map<string, Promise<LoadedVersion | undefined>>()

  const read = async (workflowId: string, number: number): Promise<LoadedVersion | undefined> => {
    const stream = streamName('workflow', workflowId)
    let from: number | 'end' = 'end'
    for (;;) {
      const page = await readPage(store, stream, { from, direction: 'backwards', limit: pageSize })
      for (const event of page) {
        const saved = numberOf(event)
        if (saved === number) return toLoadedVersion(workflowId, event)
        if (saved !== undefined && saved < number) return undefined
      }
      const oldest = page.at(-1)
      if (oldest === undefined || oldest.revision === 0) return undefined
      from = oldest.revision - 1
    }
  }

  return {
    loadVersion: async (workflowId, number) => {
      const key = `${workflowId}/${number}`
      const version = known.get(key)
      if (version) return version
      const running = reading.get(key)
      if (running) return running
      const started = repeatWhileUnavailable(() => read(workflowId, number)).finally(() => reading.delete(key))
      reading.set(key, started)
      const found = await started
      if (found) known.set(key, found)
      return found
    },
  }
}

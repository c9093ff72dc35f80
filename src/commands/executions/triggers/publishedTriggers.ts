import { setTimeout as delay } from 'node:timers/promises'
import { FlowledgerError } from '../../../domain/errors.js'
import { decodeEvent } from '../../../domain/events/decodeEvent.js'
import type { StoredEvent } from '../../../domain/events/recordedEvent.js'
import type { JsonObject } from '../../../domain/json.js'
import { idOfStream } from '../../../domain/streams.js'
import type { EventFeed } from '../../../eventlog/eventFeed.js'
import { LogUnavailable } from '../../../eventlog/eventStore.js'
import type { PlanSource } from '../runPlans.js'

/** A trigger of a published version. */
export interface PublishedTrigger {
  readonly workflowId: string
  readonly version: number
  readonly nodeId: string
  readonly key: string
  readonly type: string
  readonly config: JsonObject
  /** When its version was published (ISO). */
  readonly publishedAt: string
}

export interface PublishedTriggers {
  /** Follows the log; resolves once everything that was published before is known. */
  start(): Promise<void>
  stop(): Promise<void>
  of(type: string): readonly PublishedTrigger[]
  /** Called after each change while live; the returned function ends that. */
  onChange(listener: () => void): () => void
}

interface Publication {
  readonly version: number
  readonly publishedAt: string
  readonly archived: boolean
}

const lifeCycle: ReadonlySet<string> = new Set([
  'VersionPublished',
  'WorkflowUnpublished',
  'WorkflowArchived',
  'WorkflowRestored',
])

const pauseMs = 500

/** The publication after an event of the workflow's life cycle; undefined when nothing is published. */
const after = (before: Publication | undefined, stored: StoredEvent): Publication | undefined => {
  const event = decodeEvent(stored)
  if (event.type === 'VersionPublished') {
    return { version: event.data.number, publishedAt: event.metadata.occurredAt, archived: before?.archived ?? false }
  }
  if (before === undefined || event.type === 'WorkflowUnpublished') return undefined
  return { ...before, archived: event.type === 'WorkflowArchived' }
}

const isAway = (error: unknown): boolean =>
  error instanceof LogUnavailable || (error instanceof FlowledgerError && error.kind === 'unavailable')

/** Webhooks and schedules of what is published now, kept by following the log: every process has them, no store is asked. */
export const createPublishedTriggers = ({
  feed,
  versions,
  unexpected,
}: {
  readonly feed: EventFeed
  readonly versions: PlanSource
  readonly unexpected: (error: unknown) => void
}): PublishedTriggers => {
  const publications = new Map<string, Publication>()
  const triggers = new Map<string, readonly PublishedTrigger[]>()
  const listeners = new Set<() => void>()
  const changed = new Set<string>()
  const abort = new AbortController()
  let position: bigint | 'start' = 'start'
  let following: Promise<void> = Promise.resolve()

  const load = async (workflowId: string): Promise<void> => {
    const publication = publications.get(workflowId)
    if (publication === undefined || publication.archived) {
      triggers.delete(workflowId)
      return
    }
    const { version, publishedAt } = publication
    const saved = await versions.loadVersion(workflowId, version)
    const found = (saved?.definition.nodes ?? [])
      .filter(({ type }) => type.startsWith('trigger.'))
      .map(({ id, key, type, config }) => ({ workflowId, version, nodeId: id, key, type, config, publishedAt }))
    triggers.set(workflowId, found)
  }

  const loadChanged = async (): Promise<void> => {
    if (changed.size === 0) return
    for (const workflowId of changed) {
      try {
        await load(workflowId)
      } catch (error) {
        // It, and those behind it, are loaded when the log is there again; what can't be read has no triggers.
        if (isAway(error)) throw error
        unexpected(error)
      }
      changed.delete(workflowId)
    }
    for (const listener of listeners) listener()
  }

  const note = (event: StoredEvent): void => {
    if (!lifeCycle.has(event.type)) return
    const workflowId = idOfStream(event.stream)
    const publication = after(publications.get(workflowId), event)
    if (publication === undefined) publications.delete(workflowId)
    else publications.set(workflowId, publication)
    changed.add(workflowId)
  }

  const follow = async (caughtUp: () => void): Promise<void> => {
    while (!abort.signal.aborted) {
      try {
        let live = false
        const items = feed.subscribe({ from: position, prefixes: ['workflow-'], signal: abort.signal })
        for await (const item of items) {
          if (item.kind === 'event') note(item.event)
          if (item.kind === 'caughtUp') live = true
          if (live) await loadChanged()
          if (item.kind === 'event') position = item.event.position
          if (item.kind === 'checkpoint') position = item.position
          if (item.kind === 'caughtUp') caughtUp()
        }
      } catch (error) {
        if (!isAway(error)) unexpected(error)
      }
      await delay(pauseMs, undefined, { signal: abort.signal, ref: false }).catch(() => undefined)
    }
  }

  return {
    start: () =>
      new Promise((resolve) => {
        following = follow(resolve)
      }),
    stop: async () => {
      abort.abort()
      await following
    },
    of: (type) => [...triggers.values()].flat().filter((trigger) => trigger.type === type),
    onChange: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

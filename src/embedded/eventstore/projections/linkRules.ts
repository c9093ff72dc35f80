import { eventTypeOf, isJson, payloadOf, revisionOf, streamNameOf } from '../log/record.js'
import { LINK_TYPE } from '../streams/links.js'

/** A link that a system projection wants. */
export interface WantedLink {
  readonly stream: string
  /** `<revision>@<stream>`. */
  readonly target: string
}

export type LinkRule = (record: Buffer) => WantedLink | undefined

/** The system projections of EventStoreDB, by name. Each links some events into streams of its own. */
export const LINK_RULES: ReadonlyMap<string, LinkRule> = new Map([
  ['$by_category', byCategory],
  ['$by_event_type', byEventType],
  ['$streams', ofNewStreams],
  ['$stream_by_category', streamByCategory],
  ['$by_correlation_id', byCorrelationId],
])

function byCategory(record: Buffer): WantedLink | undefined {
  const category = categoryOf(streamNameOf(record))
  return category === undefined ? undefined : { stream: `$ce-${category}`, target: targetOf(record) }
}

function byEventType(record: Buffer): WantedLink | undefined {
  const type = eventTypeOf(record)
  return type === LINK_TYPE ? undefined : { stream: `$et-${type}`, target: targetOf(record) }
}

function ofNewStreams(record: Buffer): WantedLink | undefined {
  if (revisionOf(record) !== 0 || eventTypeOf(record) === LINK_TYPE) return undefined
  return { stream: '$streams', target: targetOf(record) }
}

function streamByCategory(record: Buffer): WantedLink | undefined {
  if (revisionOf(record) !== 0) return undefined
  const category = categoryOf(streamNameOf(record))
  return category === undefined ? undefined : { stream: `$category-${category}`, target: targetOf(record) }
}

function byCorrelationId(record: Buffer): WantedLink | undefined {
  if (eventTypeOf(record) === LINK_TYPE || !isJson(record)) return undefined
  const id = correlationIdOf(payloadOf(record).metadata)
  return id === undefined ? undefined : { stream: `$bc-${id}`, target: targetOf(record) }
}

/** The part of a stream's name before its first hyphen; system streams have no category. */
function categoryOf(stream: string): string | undefined {
  const hyphen = stream.indexOf('-')
  return hyphen > 0 && !stream.startsWith('$') ? stream.slice(0, hyphen) : undefined
}

function correlationIdOf(metadata: Buffer): string | undefined {
  if (metadata.length === 0) return undefined
  try {
    const parsed: unknown = JSON.parse(metadata.toString('utf8'))
    if (typeof parsed !== 'object' || parsed === null || !('$correlationId' in parsed)) return undefined
    return typeof parsed.$correlationId === 'string' ? parsed.$correlationId : undefined
  } catch {
    return undefined
  }
}

const targetOf = (record: Buffer): string => `${revisionOf(record)}@${streamNameOf(record)}`

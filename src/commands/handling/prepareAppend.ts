import { canonicalJson } from '../../domain/canonicalJson.js'
import { FlowledgerError } from '../../domain/errors.js'
import { eventIdsOf } from '../../domain/eventIds.js'
import type { DomainEvent } from '../../domain/events/catalogue/index.js'
import { schemaVersionOf } from '../../domain/events/decodeEvent.js'
import type { EventMetadata } from '../../domain/events/metadata.js'
import type { RecordedEvent } from '../../domain/events/recordedEvent.js'
import { genesisHash, hashOfCanonical } from '../../domain/hashChain.js'
import type { EventToAppend } from '../../eventlog/eventStore.js'
import type { CommandContext } from '../commandHandler.js'

/** Bytes of JSON (events.md). The server's own default maximum of an append is 1 MiB. */
const appendLimits = { event: 256 * 1024, append: 900 * 1024 } as const

/** VersionSaved holds a whole definition, which has its own, larger limit. */
const unlimitedTypes: ReadonlySet<string> = new Set(['VersionSaved'])

interface PreparedEvent<Event extends DomainEvent> extends EventToAppend {
  readonly event: Event
  readonly metadata: EventMetadata
}

export interface PreparedAppend<Event extends DomainEvent> {
  readonly events: readonly PreparedEvent<Event>[]
  readonly lastHash: string
  /** What the server counts of them. */
  readonly bytes: number
}

/** What of the metadata is the same in all events of a command, and its canonical JSON around what differs. */
const commonMetadata = (context: CommandContext) => {
  const { commandId, actor, now, correlationId, causationId, traceparent, requestHash } = context
  const head = canonicalJson({
    $causationId: causationId,
    $correlationId: correlationId,
    actor,
    commandId,
    occurredAt: now,
  }).slice(0, -1)
  const middle = requestHash === undefined ? '' : `,"requestHash":${canonicalJson(requestHash)}`
  const tail = traceparent === undefined ? '}' : `,"traceparent":${canonicalJson(traceparent)}}`
  return {
    canonical: (schemaVersion: number, prevHash: string): string =>
      `${head},"prevHash":"${prevHash}"${middle},"schemaVersion":${schemaVersion}${tail}`,
    metadata: (schemaVersion: number, prevHash: string, hash: string): EventMetadata => ({
      $correlationId: correlationId,
      $causationId: causationId,
      commandId,
      schemaVersion,
      actor,
      occurredAt: now,
      ...(traceparent === undefined ? undefined : { traceparent }),
      ...(requestHash === undefined ? undefined : { requestHash }),
      prevHash,
      hash,
    }),
  }
}

const hashMember = `,"hash":"${genesisHash}"`

/** An event's size as the server counts it towards an append: data, metadata and the type in UTF-16. */
const sizeOf = (type: string, dataBytes: number, metadataJson: string): number =>
  dataBytes + Buffer.byteLength(metadataJson) + hashMember.length + 2 * type.length

/** Whether the events of a command fit into one append. */
export const fitsOneAppend = (events: readonly DomainEvent[], context: CommandContext): boolean => {
  const { canonical } = commonMetadata(context)
  let bytes = 0
  for (const { type, data } of events) {
    bytes += sizeOf(type, Buffer.byteLength(canonicalJson(data)), canonical(schemaVersionOf(type), genesisHash))
  }
  return bytes <= appendLimits.append
}

const tooLarge = (code: string, detail: string, bytes: number, limit: number): FlowledgerError =>
  new FlowledgerError('tooLarge', code, detail, [], { bytes, limit })

/** Ids, metadata and chain of what a command decided, after `revision`. Throws `event_too_large`, `append_too_large`. */
export const prepareAppend = <Event extends DomainEvent>(
  stream: string,
  revision: number,
  prevHash: string,
  events: readonly Event[],
  context: CommandContext,
): PreparedAppend<Event> => {
  const common = commonMetadata(context)
  const idOf = eventIdsOf(context.commandId)
  let hash = prevHash
  let bytes = 0
  const prepared = events.map((event, index): PreparedEvent<Event> => {
    const { type, data } = event
    const id = idOf(index)
    const schemaVersion = schemaVersionOf(type)
    const dataJson = canonicalJson(data)
    const metadataJson = common.canonical(schemaVersion, hash)
    const dataBytes = Buffer.byteLength(dataJson)
    if (dataBytes > appendLimits.event && !unlimitedTypes.has(type)) {
      throw tooLarge(
        'event_too_large',
        `An event ${type} would have ${dataBytes} bytes of data.`,
        dataBytes,
        appendLimits.event,
      )
    }
    bytes += sizeOf(type, dataBytes, metadataJson)
    const previous = hash
    hash = hashOfCanonical({ id, stream, revision: revision + 1 + index, type }, dataJson, metadataJson, previous)
    return { event, id, type, data, metadata: common.metadata(schemaVersion, previous, hash) }
  })
  if (bytes > appendLimits.append) {
    throw tooLarge('append_too_large', `What was asked for has ${bytes} bytes of events.`, bytes, appendLimits.append)
  }
  return { events: prepared, lastHash: hash, bytes }
}

/** The events as the log will hold them. Their data need no parsing: they were made from parsed input just now. */
export const recordedEvents = <Event extends DomainEvent>(
  stream: string,
  revision: number,
  prepared: PreparedAppend<Event>,
  position: bigint,
  recordedAt: string,
): RecordedEvent<Event>[] =>
  prepared.events.map(
    ({ event, id, metadata }, index) =>
      ({
        type: event.type,
        data: event.data,
        id,
        stream,
        revision: revision + 1 + index,
        position,
        recordedAt,
        metadata,
      }) as unknown as RecordedEvent<Event>,
  )

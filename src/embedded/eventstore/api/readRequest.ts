import type { ProtoReader } from '../wire/protoReader.js'
import { invalidArgument } from './errors.js'
import { type FilterRequest, readFilter } from './filterRequest.js'
import { readStreamIdentifier } from './streamIdentifier.js'

/** Where to start: an end of the log or stream, or a revision or position. */
export type From = 'start' | 'end' | number

export interface ReadRequest {
  /** Undefined reads `$all`. */
  readonly stream: string | undefined
  readonly from: From
  readonly backwards: boolean
  readonly resolveLinks: boolean
  /** Undefined subscribes. */
  readonly count: number | undefined
  readonly filter: FilterRequest | undefined
  readonly structuredIds: boolean
}

type Draft = { -readonly [Key in keyof ReadRequest]: ReadRequest[Key] }

/** Reads and checks `ReadReq.Options`. */
export function readReadRequest(reader: ProtoReader): ReadRequest {
  const draft: Draft = {
    stream: undefined,
    from: 'start',
    backwards: false,
    resolveLinks: false,
    count: undefined,
    filter: undefined,
    structuredIds: false,
  }
  let hasTarget = false
  let hasCount = false
  let hasUuidOption = false
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        readStreamOptions(reader.message(), draft)
        hasTarget = true
        break
      case 2:
        draft.stream = undefined
        draft.from = readAllOptions(reader.message())
        hasTarget = true
        break
      case 3:
        draft.backwards = reader.varint() === 1
        break
      case 4:
        draft.resolveLinks = reader.bool()
        break
      case 5:
        draft.count = reader.varint()
        hasCount = true
        break
      case 6:
        draft.count = undefined
        hasCount = true
        reader.skip()
        break
      case 7:
        draft.filter = readFilter(reader.message())
        break
      case 9:
        draft.structuredIds = readUuidOption(reader.message())
        hasUuidOption = true
        break
      default:
        reader.skip()
    }
  }
  if (!hasTarget || !hasCount || !hasUuidOption) throw invalidArgument('The read options are incomplete.')
  if (draft.filter && draft.stream !== undefined) throw invalidArgument('A filter applies to $all only.')
  if (draft.backwards && draft.count === undefined) throw invalidArgument('A subscription cannot run backwards.')
  return draft
}

function readStreamOptions(reader: ProtoReader, draft: Draft): void {
  draft.stream = ''
  while (reader.next()) {
    if (reader.field === 1) draft.stream = readStreamIdentifier(reader.message())
    else if (reader.field === 2) draft.from = reader.varint()
    else if (reader.field === 3 || reader.field === 4) {
      draft.from = reader.field === 3 ? 'start' : 'end'
      reader.skip()
    } else reader.skip()
  }
}

/** Reads the options of `$all`, which subscriptions and groups share. */
export function readAllOptions(reader: ProtoReader): From {
  let from: From = 'start'
  while (reader.next()) {
    if (reader.field === 1) from = readPosition(reader.message())
    else if (reader.field === 2 || reader.field === 3) {
      from = reader.field === 2 ? 'start' : 'end'
      reader.skip()
    } else reader.skip()
  }
  return from
}

function readPosition(reader: ProtoReader): number {
  let commit = 0
  let prepare = 0
  while (reader.next()) {
    if (reader.field === 1) commit = reader.varint()
    else if (reader.field === 2) prepare = reader.varint()
    else reader.skip()
  }
  if (commit < prepare) throw invalidArgument('The commit position is lower than the prepare position.')
  return commit
}

/** True for ids in two halves, false for strings. */
export function readUuidOption(reader: ProtoReader): boolean {
  let structured = false
  while (reader.next()) {
    if (reader.field === 1) structured = true
    else if (reader.field === 2) structured = false
    reader.skip()
  }
  return structured
}

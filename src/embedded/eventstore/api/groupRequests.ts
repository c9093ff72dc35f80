import { groupFailed } from '../persistent/groupErrors.js'
import { ALL, CONSUMER_STRATEGIES, type GroupDefinition, type GroupSettings } from '../persistent/groupSettings.js'
import { ProtoReader } from '../wire/protoReader.js'
import { invalidArgument } from './errors.js'
import { type FilterRequest, readFilter } from './filterRequest.js'
import { type From, readAllOptions } from './readRequest.js'
import { readStreamIdentifier } from './streamIdentifier.js'

const LAST_REVISION = 2 ** 63
const TICKS_PER_MS = 10_000

/** Reads the options of a `CreateReq` or an `UpdateReq`. */
export function readGroupDefinition(message: Buffer): GroupDefinition {
  const reader = optionsOf(message)
  let source: string | undefined
  let name = ''
  let settings: Draft = defaultSettings()
  let from: From | undefined
  let filter: FilterRequest | undefined
  while (reader.next()) {
    if (reader.field === 1) source ??= readStreamIdentifier(reader.message())
    else if (reader.field === 2) name = reader.string()
    else if (reader.field === 3) settings = readSettings(reader.message())
    else if (reader.field === 4) ({ source, from } = readStreamOptions(reader.message()))
    else if (reader.field === 5) {
      source = ALL
      const all = reader.bytes()
      from = readAllOptions(new ProtoReader(all))
      filter = findFilter(new ProtoReader(all))
    } else reader.skip()
  }
  const isAll = from !== undefined && source === ALL
  if (source === undefined || source === '') throw invalidArgument('The stream of the group is missing.')
  if (source === ALL && !isAll) throw groupFailed({ source, name }, 'A group on $all has options of its own.')
  if (name === '') throw groupFailed({ source, name }, 'The name of the group is missing.')
  return {
    source,
    name,
    settings: { ...settings, startFrom: from ?? settings.startFrom },
    ...(filter ? { filter } : {}),
  }
}

type Draft = { -readonly [Key in keyof GroupSettings]: GroupSettings[Key] }

function defaultSettings(): Draft {
  return {
    resolveLinks: false,
    extraStatistics: false,
    startFrom: 'start',
    messageTimeout: 30_000,
    maxRetryCount: 0,
    checkpointAfter: 2_000,
    minCheckpointCount: 0,
    maxCheckpointCount: 0,
    maxSubscriberCount: 0,
    liveBufferSize: 0,
    readBatchSize: 0,
    historyBufferSize: 0,
    strategy: 'DispatchToSingle',
  }
}

function readSettings(reader: ProtoReader): Draft {
  const settings = defaultSettings()
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        settings.resolveLinks = reader.bool()
        break
      case 2:
        settings.startFrom = revision(reader.varint())
        break
      case 3:
        settings.extraStatistics = reader.bool()
        break
      case 4:
        settings.messageTimeout = reader.signed() / TICKS_PER_MS
        break
      case 5:
        settings.maxRetryCount = reader.signed()
        break
      case 6:
        settings.checkpointAfter = reader.signed() / TICKS_PER_MS
        break
      case 7:
        settings.minCheckpointCount = reader.signed()
        break
      case 8:
        settings.maxCheckpointCount = reader.signed()
        break
      case 9:
        settings.maxSubscriberCount = reader.signed()
        break
      case 10:
        settings.liveBufferSize = reader.signed()
        break
      case 11:
        settings.readBatchSize = reader.signed()
        break
      case 12:
        settings.historyBufferSize = reader.signed()
        break
      case 13:
        settings.strategy = CONSUMER_STRATEGIES[reader.varint()] ?? settings.strategy
        break
      case 14:
        settings.messageTimeout = reader.signed()
        break
      case 15:
        settings.checkpointAfter = reader.signed()
        break
      case 16:
        settings.strategy = readStrategy(reader.string(), settings.strategy)
        break
      default:
        reader.skip()
    }
  }
  return settings
}

function readStrategy(text: string, otherwise: GroupSettings['strategy']): GroupSettings['strategy'] {
  if (text === '') return otherwise
  const strategy = CONSUMER_STRATEGIES.find((name) => name === text)
  if (!strategy) throw invalidArgument(`The consumer strategy ${text} is not supported.`)
  return strategy
}

/** 2^64 - 1 stands for the end. */
function revision(value: number): From {
  if (value === 0) return 'start'
  return value >= LAST_REVISION ? 'end' : value
}

function readStreamOptions(reader: ProtoReader): { source: string; from: From } {
  let source = ''
  let from: From = 'start'
  while (reader.next()) {
    if (reader.field === 1) source = readStreamIdentifier(reader.message())
    else if (reader.field === 2) from = revision(reader.varint())
    else {
      if (reader.field === 4) from = 'end'
      reader.skip()
    }
  }
  return { source, from }
}

function findFilter(reader: ProtoReader): FilterRequest | undefined {
  while (reader.next()) {
    if (reader.field === 4) return readFilter(reader.message())
    reader.skip()
  }
  return undefined
}

interface GroupAddress {
  readonly source: string
  readonly name: string
  /** Of `ReplayParked`: the parked revision to stop before. */
  readonly stopAt?: number
}

interface AddressFields {
  readonly stream: number
  readonly all: number
  readonly name: number
  readonly stopAt?: number
}

/** Reads the options of a call that names a group; each numbers its fields otherwise. */
export function readGroupAddress(message: Buffer, fields: AddressFields): GroupAddress {
  const reader = optionsOf(message)
  let source = ''
  let name = ''
  let stopAt: number | undefined
  while (reader.next()) {
    if (reader.field === fields.stream) source = readStreamIdentifier(reader.message())
    else if (reader.field === fields.name) name = reader.string()
    else if (reader.field === fields.all) {
      source = ALL
      reader.skip()
    } else if (reader.field === fields.stopAt) stopAt = reader.signed()
    else reader.skip()
  }
  return { source, name, ...(stopAt === undefined ? {} : { stopAt }) }
}

/** The source whose groups are listed; undefined for all groups. */
export function readListRequest(message: Buffer): string | undefined {
  const reader = optionsOf(message)
  while (reader.next()) {
    if (reader.field !== 2) {
      reader.skip()
      continue
    }
    const option = reader.message()
    while (option.next()) {
      if (option.field === 1) return readStreamIdentifier(option.message())
      option.skip()
    }
    return ALL
  }
  return undefined
}

function optionsOf(message: Buffer): ProtoReader {
  const reader = new ProtoReader(message)
  while (reader.next()) {
    if (reader.field === 1) return reader.message()
    reader.skip()
  }
  throw invalidArgument('The options are missing.')
}

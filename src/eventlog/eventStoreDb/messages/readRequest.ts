import type { FeedOptions } from '../../eventFeed.js'
import { finish, newWriter, type Writer, write } from './protobuf.js'
import { writeStreamIdentifier } from './shared.js'

/** Fields of ReadReq.Options. */
const field = { stream: 1, all: 2, direction: 3, count: 5, subscription: 6, filter: 7, noFilter: 8, uuid: 9 } as const

/** How many events a filtered subscription looks at before it tells where it stands. */
const checkpointInterval = 32

export type Direction = 'forwards' | 'backwards'
type Edge = 'start' | 'end'

const writeAll = (options: Writer, from: bigint | Edge) =>
  write.message(options, field.all, (all) => {
    if (from === 'start') return write.empty(all, 2)
    if (from === 'end') return write.empty(all, 3)
    return write.message(all, 1, (position) => {
      write.uint(position, 1, String(from))
      write.uint(position, 2, String(from))
    })
  })

const writeStream = (options: Writer, name: string, from: number | Edge) =>
  write.message(options, field.stream, (stream) => {
    writeStreamIdentifier(stream, 1, name)
    if (from === 'start') return write.empty(stream, 3)
    if (from === 'end') return write.empty(stream, 4)
    return write.uint(stream, 2, from)
  })

const writeRange = (options: Writer, direction: Direction, count: number) => {
  write.uint(options, field.direction, direction === 'forwards' ? 0 : 1)
  write.uint(options, field.count, count)
  write.empty(options, field.noFilter)
}

/** The server filters by stream or by type, not by both; types are the narrower choice. */
const writeFilter = (options: Writer, { prefixes, types }: FeedOptions) =>
  write.message(options, field.filter, (filter) => {
    write.message(filter, types === undefined ? 1 : 2, (expression) => {
      for (const prefix of types ?? prefixes) write.text(expression, 2, prefix)
    })
    write.uint(filter, 3, checkpointInterval)
    write.uint(filter, 5, 1)
  })

/** A ReadReq. Ids are asked for as text. */
const readRequest = (writeOptions: (options: Writer) => void): Buffer =>
  finish(
    write.message(newWriter(), 1, (options) => {
      writeOptions(options)
      write.message(options, field.uuid, (uuid) => write.empty(uuid, 2))
    }),
  )

export const readStreamRequest = (stream: string, from: number | Edge, direction: Direction, count: number): Buffer =>
  readRequest((options) => {
    writeStream(options, stream, from)
    writeRange(options, direction, count)
  })

export const readAllRequest = (from: bigint | Edge, direction: Direction, count: number): Buffer =>
  readRequest((options) => {
    writeAll(options, from)
    writeRange(options, direction, count)
  })

/** A subscription to the whole log. Both filters are prefixes to the server, and types are looked for in all streams. */
export const subscribeRequest = (feed: FeedOptions): Buffer =>
  readRequest((options) => {
    writeAll(options, feed.from)
    write.empty(options, field.subscription)
    writeFilter(options, feed)
  })

import { MongoError } from '../errors.js'
import { checkDepth } from './bsonDepth.js'

/** https://github.com/mongodb/specifications/blob/master/source/message/OP_MSG.md and the legacy OP_QUERY of the first hello. */
const OP_REPLY = 1
const OP_QUERY = 2004
const OP_MSG = 2013

const CHECKSUM_PRESENT = 1
const MORE_TO_COME = 2

export const MAX_MESSAGE_BYTES = 48_000_000
const HEADER_BYTES = 16

export interface Message {
  readonly requestId: number
  readonly legacy: boolean
  /** False where the client wants no answer. */
  readonly wantsReply: boolean
  readonly body: Buffer
  /** Documents that came beside the body, by the name of the field that they belong to. */
  readonly sequences: ReadonlyMap<string, readonly Buffer[]>
}

/** A violation of the protocol: the connection can't go on. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError'
}

/** The length that a message announces. */
export const announcedLength = (start: Buffer): number => {
  const length = start.readInt32LE(0)
  if (length < HEADER_BYTES || length > MAX_MESSAGE_BYTES) throw new ProtocolError(`a message of ${length} bytes`)
  return length
}

export const parseMessage = (frame: Buffer): Message => {
  if (frame.length < HEADER_BYTES + 4) throw new ProtocolError('a message without content')
  const requestId = frame.readInt32LE(4)
  switch (frame.readInt32LE(12)) {
    case OP_MSG:
      return { requestId, legacy: false, ...parseOpMsg(frame) }
    case OP_QUERY:
      return { requestId, legacy: true, wantsReply: true, body: parseOpQuery(frame), sequences: new Map() }
    default:
      throw new ProtocolError(`unknown operation ${frame.readInt32LE(12)}`)
  }
}

const parseOpMsg = (frame: Buffer): Pick<Message, 'wantsReply' | 'body' | 'sequences'> => {
  const flags = frame.readUInt32LE(HEADER_BYTES)
  if ((flags & 0xffff & ~(CHECKSUM_PRESENT | MORE_TO_COME)) !== 0) throw new ProtocolError(`unknown flags ${flags}`)
  const end = frame.length - ((flags & CHECKSUM_PRESENT) === 0 ? 0 : 4)
  let body: Buffer | undefined
  const sequences = new Map<string, Buffer[]>()
  let at = HEADER_BYTES + 4
  while (at < end) {
    const kind = frame[at]
    at += 1
    const length = lengthAt(frame, at, end)
    const section = frame.subarray(at, at + length)
    at += length
    if (kind === 0 && body === undefined) body = section
    else if (kind === 1) {
      const [name, documents] = parseSequence(section)
      if (sequences.has(name)) throw new ProtocolError(`two sequences ${name}`)
      sequences.set(name, documents)
    } else throw new ProtocolError(`unexpected section ${kind}`)
  }
  if (body === undefined) throw new ProtocolError('a message without body')
  return { wantsReply: (flags & MORE_TO_COME) === 0, body, sequences }
}

const parseSequence = (section: Buffer): [string, Buffer[]] => {
  const nameEnd = section.indexOf(0, 4)
  if (nameEnd === -1) throw new ProtocolError('a sequence without name')
  const documents: Buffer[] = []
  let at = nameEnd + 1
  while (at < section.length) {
    const length = lengthAt(section, at, section.length)
    documents.push(section.subarray(at, at + length))
    at += length
  }
  return [section.toString('utf8', 4, nameEnd), documents]
}

/** Flags, collection name, skip, limit, then the command. Only commands are served, so the name must end in `$cmd`. */
const parseOpQuery = (frame: Buffer): Buffer => {
  const nameEnd = frame.indexOf(0, HEADER_BYTES + 4)
  if (nameEnd === -1 || !frame.toString('utf8', HEADER_BYTES + 4, nameEnd).endsWith('.$cmd')) {
    throw new ProtocolError('a legacy query')
  }
  const at = nameEnd + 1 + 8
  return frame.subarray(at, at + lengthAt(frame, at, frame.length))
}

const lengthAt = (bytes: Buffer, at: number, end: number): number => {
  if (at + 5 > end) throw new ProtocolError('a section is cut short')
  const length = bytes.readInt32LE(at)
  if (length < 5 || at + length > end) throw new ProtocolError('a section has a wrong length')
  return length
}

/** Before anything is built from the documents of a message. */
export const checkDocuments = (message: Message): void => {
  checkDepth(message.body)
  for (const documents of message.sequences.values()) {
    for (const document of documents) {
      if (document.length > 16_777_216 + 16_384) {
        throw new MongoError('BSONObjectTooLarge', `object to insert too large. size in bytes: ${document.length}`)
      }
      checkDepth(document)
    }
  }
}

let lastReplyId = 0

export const encodeReply = (to: Message, document: Uint8Array): Buffer[] => {
  lastReplyId = (lastReplyId + 1) & 0x7fffffff
  const head = Buffer.alloc(to.legacy ? HEADER_BYTES + 20 : HEADER_BYTES + 5)
  head.writeInt32LE(head.length + document.length, 0)
  head.writeInt32LE(lastReplyId, 4)
  head.writeInt32LE(to.requestId, 8)
  head.writeInt32LE(to.legacy ? OP_REPLY : OP_MSG, 12)
  // OP_REPLY: flags "await capable", cursor 0, from 0, one document. OP_MSG: no flags, section kind 0.
  if (to.legacy) {
    head.writeInt32LE(8, 16)
    head.writeInt32LE(1, 32)
  }
  return [head, Buffer.from(document.buffer, document.byteOffset, document.byteLength)]
}

import { randomUUID } from 'node:crypto'
import type { ServerContext } from '../context.js'
import { type Consumer, createConsumer } from '../persistent/consumer.js'
import type { SubscriptionGroup } from '../persistent/group.js'
import { groupFailed, groupIsFull } from '../persistent/groupErrors.js'
import { ALL } from '../persistent/groupSettings.js'
import type { Groups } from '../persistent/groups.js'
import { nackAction } from '../persistent/nackAction.js'
import type { Call } from '../wire/call.js'
import { ProtoReader } from '../wire/protoReader.js'
import { confirmation } from '../wire/readResponses.js'
import { readUuid } from '../wire/uuid.js'
import { callerOf, checkAccess } from './checkAccess.js'
import { invalidArgument } from './errors.js'
import type { CallHandler } from './handler.js'
import { readUuidOption } from './readRequest.js'
import { readStreamIdentifier } from './streamIdentifier.js'

const DEFAULT_BUFFER = 10
const MAX_BUFFER = 100_000

/** `Read` of a group: options, then acknowledgements one way and events the other. */
export function createGroupRead(context: ServerContext, groups: Groups): CallHandler {
  return (call) => {
    let joined: { group: SubscriptionGroup; consumer: Consumer } | undefined
    const member = () => {
      if (!joined) throw invalidArgument('The first message must be the options.')
      return joined
    }
    return {
      onMessage(message) {
        const reader = new ProtoReader(message)
        while (reader.next()) {
          if (reader.field === 1) joined = join(context, groups, call, readOptions(reader.message()))
          else if (reader.field === 2) {
            const { group, consumer } = member()
            group.ack(consumer, readAnswer(reader.message()).ids)
          } else if (reader.field === 3) {
            const { group, consumer } = member()
            const { ids, action, reason } = readAnswer(reader.message())
            group.nack(consumer, ids, nackAction(action), reason)
          } else reader.skip()
        }
      },
      onEnd: () => call.end(),
    }
  }
}

interface ReadOptions {
  source: string
  group: string
  bufferSize: number
  structuredIds: boolean
}

function readOptions(reader: ProtoReader): ReadOptions {
  const options: ReadOptions = { source: '', group: '', bufferSize: DEFAULT_BUFFER, structuredIds: false }
  while (reader.next()) {
    if (reader.field === 1) options.source = readStreamIdentifier(reader.message())
    else if (reader.field === 2) options.group = reader.string()
    else if (reader.field === 3) options.bufferSize = reader.signed()
    else if (reader.field === 4) options.structuredIds = readUuidOption(reader.message())
    else {
      if (reader.field === 5) options.source = ALL
      reader.skip()
    }
  }
  return options
}

function join(
  context: ServerContext,
  groups: Groups,
  call: Call,
  options: ReadOptions,
): { group: SubscriptionGroup; consumer: Consumer } {
  checkAccess(context, call, 'read', options.source)
  const group = groups.get(options.source, options.group)
  const { maxSubscriberCount, extraStatistics } = group.definition.settings
  if (options.bufferSize < 1 || options.bufferSize > MAX_BUFFER) {
    throw groupFailed(group.definition, `The buffer size must be from 1 to ${MAX_BUFFER}.`)
  }
  if (maxSubscriberCount > 0 && group.consumers.length >= maxSubscriberCount) throw groupIsFull(group.definition)
  const connectionName = call.headers['connection-name']
  const consumer = createConsumer(call, {
    bufferSize: options.bufferSize,
    structuredIds: options.structuredIds,
    extraStatistics,
    from: call.peer,
    user: callerOf(context, call).name,
    // The name is the access key, which must not be shown to other users of it.
    connectionName: context.settings.accessKey === '' && typeof connectionName === 'string' ? connectionName : '',
  })
  consumer.batch.addMessage(confirmation(`${options.source}::${options.group}/${randomUUID()}`))
  group.connect(consumer)
  if (consumer.batch.size > 0) consumer.batch.sendTo(call)
  return { group, consumer }
}

/** Reads an `Ack` or a `Nack`. */
function readAnswer(reader: ProtoReader): { ids: string[]; action: number; reason: string } {
  const answer = { ids: [] as string[], action: 0, reason: '' }
  while (reader.next()) {
    if (reader.field === 2) answer.ids.push(readUuid(reader.message()))
    else if (reader.field === 3) answer.action = reader.varint()
    else if (reader.field === 4) answer.reason = reader.string()
    else reader.skip()
  }
  return answer
}

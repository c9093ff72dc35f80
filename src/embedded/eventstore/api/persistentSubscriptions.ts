import type { ServerContext } from '../context.js'
import { groupDoesNotExist } from '../persistent/groupErrors.js'
import { writeGroupInfo } from '../persistent/groupInfo.js'
import type { Groups } from '../persistent/groups.js'
import { ProtoWriter } from '../wire/protoWriter.js'
import { checkOperator } from './checkAccess.js'
import { readGroupAddress, readGroupDefinition, readListRequest } from './groupRequests.js'
import type { CallHandler } from './handler.js'
import { createGroupRead } from './readGroup.js'
import { unary } from './unary.js'

const SERVICE = '/event_store.client.persistent_subscriptions.PersistentSubscriptions'
const EMPTY = Buffer.alloc(0)

/** The calls of `PersistentSubscriptions`. */
export function createGroupRoutes(context: ServerContext, groups: Groups): [string, CallHandler][] {
  const route = (method: string, answer: (request: Buffer) => Promise<Buffer> | Buffer): [string, CallHandler] => [
    `${SERVICE}/${method}`,
    unary((request, call) => {
      checkOperator(context, call)
      return answer(request)
    }),
  ]
  return [
    [`${SERVICE}/Read`, createGroupRead(context, groups)],
    route('Create', async (request) => {
      await groups.create(readGroupDefinition(request))
      return EMPTY
    }),
    route('Update', async (request) => {
      await groups.update(readGroupDefinition(request))
      return EMPTY
    }),
    route('Delete', async (request) => {
      const { source, name } = readGroupAddress(request, { stream: 1, name: 2, all: 3 })
      await groups.remove(source, name)
      return EMPTY
    }),
    route('GetInfo', (request) => {
      const { source, name } = readGroupAddress(request, { stream: 1, all: 2, name: 3 })
      const group = groups.get(source, name)
      return new ProtoWriter(512).message(1, (info) => writeGroupInfo(info, group)).finish()
    }),
    route('ReplayParked', async (request) => {
      const { source, name, stopAt } = readGroupAddress(request, { name: 1, stream: 2, all: 3, stopAt: 4 })
      await groups.replayParked(source, name, stopAt)
      return EMPTY
    }),
    route('List', (request) => {
      const source = readListRequest(request)
      const found = groups.list(source)
      if (source !== undefined && found.length === 0) throw groupDoesNotExist(source, '')
      const writer = new ProtoWriter(1_024)
      for (const group of found) writer.message(1, (info) => writeGroupInfo(info, group))
      return writer.finish()
    }),
    route('RestartSubsystem', async () => {
      await groups.restart()
      return EMPTY
    }),
  ]
}

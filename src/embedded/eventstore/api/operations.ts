import type { ServerContext } from '../context.js'
import type { Scavenger } from '../operations/scavenger.js'
import type { Groups } from '../persistent/groups.js'
import { ProtoReader } from '../wire/protoReader.js'
import { ProtoWriter } from '../wire/protoWriter.js'
import { GrpcError, Status } from '../wire/status.js'
import { checkOperator } from './checkAccess.js'
import type { CallHandler } from './handler.js'
import { unary } from './unary.js'

const SERVICE = '/event_store.client.operations.Operations'
const EMPTY = Buffer.alloc(0)
const STARTED = 0
const IN_PROGRESS = 1
const STOPPED = 2

/** The calls of `Operations` that make sense for one node. */
export function createOperationRoutes(
  context: ServerContext,
  groups: Groups,
  scavenger: Scavenger,
): [string, CallHandler][] {
  const route = (method: string, answer: (request: Buffer) => Buffer | Promise<Buffer>): [string, CallHandler] => [
    `${SERVICE}/${method}`,
    unary((request, call) => {
      checkOperator(context, call)
      return answer(request)
    }),
  ]
  return [
    route('StartScavenge', () => {
      const { id, running } = scavenger.start()
      return scavengeResponse(id, running ? IN_PROGRESS : STARTED)
    }),
    route('StopScavenge', (request) => {
      const id = readScavengeId(request)
      if (!scavenger.stop(id)) {
        throw new GrpcError(Status.notFound, `Scavenge ${id} is not running.`, {
          exception: 'scavenge-not-found',
          'scavenge-id': id,
        })
      }
      return scavengeResponse(id, STOPPED)
    }),
    route('RestartPersistentSubscriptions', async () => {
      await groups.restart()
      return EMPTY
    }),
  ]
}

function scavengeResponse(id: string, result: number): Buffer {
  return new ProtoWriter().string(1, id).uint(2, result).finish()
}

function readScavengeId(request: Buffer): string {
  const reader = new ProtoReader(request)
  while (reader.next()) {
    if (reader.field !== 1) {
      reader.skip()
      continue
    }
    const options = reader.message()
    while (options.next()) {
      if (options.field === 1) return options.string()
      options.skip()
    }
  }
  return ''
}

import type { ServerContext } from '../context.js'
import type { ProjectionStatus, SystemProjections } from '../projections/systemProjections.js'
import { frame } from '../wire/messageAssembler.js'
import { ProtoReader } from '../wire/protoReader.js'
import { ProtoWriter } from '../wire/protoWriter.js'
import { GrpcError, Status } from '../wire/status.js'
import { checkOperator } from './checkAccess.js'
import type { CallHandler } from './handler.js'
import { oneRequest, unary } from './unary.js'

const SERVICE = '/event_store.client.projections.Projections'
const EMPTY = Buffer.alloc(0)

/** Switches system projections on and off and tells their state. Projections in JavaScript are not implemented. */
export function createProjectionRoutes(
  context: ServerContext,
  projections: SystemProjections,
): [string, CallHandler][] {
  const change = (apply: (name: string) => Promise<boolean>) =>
    unary(async (request, call) => {
      checkOperator(context, call)
      const name = readMode(request) ?? ''
      if (!(await apply(name))) throw notFound(name)
      return EMPTY
    })
  return [
    [`${SERVICE}/Enable`, change(projections.enable)],
    [`${SERVICE}/Disable`, change(projections.disable)],
    [
      `${SERVICE}/Statistics`,
      oneRequest((request, call) => {
        checkOperator(context, call)
        const name = readMode(request)
        const found = projections.list().filter((projection) => name === undefined || projection.name === name)
        if (name !== undefined && found.length === 0) throw notFound(name)
        for (const projection of found) call.write(frame(statistics(projection, context.store.head)))
        call.end()
      }),
    ],
  ]
}

function notFound(name: string): GrpcError {
  return new GrpcError(Status.notFound, `There is no projection ${name}.`)
}

/** The name in the options; undefined when they ask for all. */
function readMode(request: Buffer): string | undefined {
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
  return undefined
}

function statistics({ name, running, position }: ProjectionStatus, head: number): Buffer {
  const progress = Buffer.alloc(5)
  progress.writeFloatLE(head === 0 ? 100 : (100 * position) / head, 1)
  progress[0] = 13 * 8 + 5
  const details = new ProtoWriter(256)
    .string(4, name)
    .string(8, running ? 'Running' : 'Stopped')
    .string(10, name)
    .string(11, 'Continuous')
    .string(12, `C:${position}/P:${position}`)
    .string(14, `C:${position}/P:${position}`)
    .finish()
  return new ProtoWriter(300).bytes(1, Buffer.concat([details, progress])).finish()
}

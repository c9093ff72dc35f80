import type { ServerContext } from '../context.js'
import { reachableHost } from '../options.js'
import { ProtoWriter } from '../wire/protoWriter.js'
import type { CallHandler } from './handler.js'
import { unary } from './unary.js'

const LEADER = 8

/** A cluster of one, whose leader is this server. */
export function createGossip(context: ServerContext, instanceId: string): CallHandler {
  return unary(() =>
    new ProtoWriter()
      .message(1, (member) => {
        member.message(1, (id) => id.string(2, instanceId))
        member.uint(2, BigInt(Date.now()) * 10_000n)
        member.uint(3, LEADER)
        member.bool(4, true)
        member.message(5, (endpoint) => endpoint.string(1, reachableHost(context.settings.host)).uint(2, context.port))
      })
      .finish(),
  )
}

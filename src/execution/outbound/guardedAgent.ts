import type { LookupFunction } from 'node:net'
import { Agent, type Dispatcher } from 'undici'
import type { AddressGuard } from './addressGuard.js'
import type { Resolver } from './resolver.js'

/** A host name that leads to an address which is not allowed. */
export class BlockedAddress extends Error {
  readonly code = 'FLOWLEDGER_BLOCKED_ADDRESS'
}

/** Bytes of all response headers together; beyond it the response is refused. */
const maxHeaderBytes = 32 * 1024

/**
 * Connects only to addresses that the guard allows, checked on what the resolver returned for exactly this connection,
 * so that a name cannot change its address between check and use. Literal addresses never come here (isAllowedHost).
 */
export const createGuardedAgent = (resolve: Resolver, isAllowed: AddressGuard): Dispatcher => {
  const lookup: LookupFunction = (hostname, options, callback) => {
    resolve(hostname).then(
      (addresses) => {
        const [first] = addresses
        if (first === undefined)
          return callback(Object.assign(new Error(`no address for ${hostname}`), { code: 'ENOTFOUND' }), [])
        // One bad address among good ones is reason enough: which of them is used is not ours to choose.
        if (addresses.some(({ address }) => !isAllowed(address))) {
          return callback(new BlockedAddress(`${hostname} leads to an address that is not allowed`), [])
        }
        if (options.all === true) callback(null, [...addresses])
        else callback(null, first.address, first.family)
      },
      (error: NodeJS.ErrnoException) => callback(error, []),
    )
  }
  return new Agent({
    connect: { lookup, timeout: 10_000 },
    maxHeaderSize: maxHeaderBytes,
    // The whole request has one deadline, which is the caller's.
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: 4_000,
    connections: 64,
  })
}

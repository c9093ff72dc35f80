import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { HttpApp } from './createHttpApp.js'

export interface HttpServer {
  /** Where it listens: `http://127.0.0.1:3000`. */
  readonly url: string
  /** Stops accepting, lets requests in flight finish (at most `graceMs`, default 10,000), then cuts the rest. */
  stop(graceMs?: number): Promise<void>
}

const headersTimeoutMs = 15_000
const requestTimeoutMs = 60_000
const keepAliveTimeoutMs = 65_000
const sweepMs = 20

const listening = (server: ReturnType<typeof createServer>, host: string, port: number): Promise<AddressInfo> =>
  new Promise((resolve, reject) => {
    // Node leaves out the port where it is 0, and calls a name that nobody knows a failure of its own kind.
    const fail = (error: Error): void => reject(Object.assign(error, { syscall: 'listen', address: host, port }))
    server.once('error', fail)
    server.listen({ host, port, backlog: 1024 }, () => {
      server.off('error', fail)
      resolve(server.address() as AddressInfo)
    })
  })

const urlOf = (host: string, port: number): string => `http://${host.includes(':') ? `[${host}]` : host}:${port}`

/** Listens. Rejects with Node's error (`EADDRINUSE`, `EACCES`, …) where it can't. Port 0 takes a free one. */
export const startHttpServer = async (
  app: HttpApp,
  { host, port }: { host: string; port: number },
): Promise<HttpServer> => {
  const server = createServer({ keepAliveTimeout: keepAliveTimeoutMs, requestTimeout: requestTimeoutMs }, app)
  server.headersTimeout = headersTimeoutMs
  const address = await listening(server, host, port)
  const stop = (graceMs = 10_000): Promise<void> =>
    new Promise((resolve) => {
      const cut = setTimeout(() => server.closeAllConnections(), graceMs)
      // A connection whose last answer goes out now stays open for more, but there won't be any.
      const sweep = setInterval(() => server.closeIdleConnections(), sweepMs)
      server.close(() => {
        clearTimeout(cut)
        clearInterval(sweep)
        resolve()
      })
      app.endStreams()
      server.closeIdleConnections()
    })
  return { url: urlOf(host, address.port), stop }
}

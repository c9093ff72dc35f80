import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface LoopbackServer {
  readonly port: number
  /** `METHOD path` of each request, in order. */
  readonly requests: {
    readonly line: string
    readonly headers: Readonly<Record<string, unknown>>
    readonly body: string
  }[]
  close(): Promise<void>
}

export const startLoopbackServer = async (listener: RequestListener): Promise<LoopbackServer> => {
  const requests: LoopbackServer['requests'] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      requests.push({ line: `${request.method} ${request.url}`, headers: request.headers, body })
      listener(request, response)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

import type { IncomingMessage, ServerResponse } from 'node:http'
import helmet from 'helmet'

/** helmet's headers with a policy for an API; HSTS is the business of whoever terminates TLS. */
const headersOfHelmet = (): ReadonlyMap<string, string> => {
  const headers = new Map<string, string>()
  const recorder = {
    setHeader: (name: string, value: string) => headers.set(name, value),
    removeHeader: (name: string) => headers.delete(name),
  }
  const apply = helmet({
    contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
    strictTransportSecurity: false,
    crossOriginResourcePolicy: { policy: 'same-origin' },
  })
  apply({} as IncomingMessage, recorder as unknown as ServerResponse, (error?: unknown) => {
    if (error !== undefined) throw error
  })
  // Answers are for who holds the key; those with an ETag say so themselves (resourceAnswer.ts).
  headers.set('Cache-Control', 'no-store')
  return headers
}

/** Sets helmet's headers. They are the same for every answer, so they are worked out once. */
export const securityHeaders = (): ((response: ServerResponse) => void) => {
  const headers = [...headersOfHelmet()]
  return (response) => {
    for (const [name, value] of headers) response.setHeader(name, value)
  }
}

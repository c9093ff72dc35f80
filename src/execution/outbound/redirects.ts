import { httpFailure } from './httpFailure.js'

/** One request. Header names are in lower case. */
export interface OutboundRequest {
  readonly method: string
  readonly url: string
  readonly headers: { readonly [name: string]: string }
  readonly body?: string
}

export const isRedirect = (status: number): boolean => [301, 302, 303, 307, 308].includes(status)

/** What may go to another origin: anything else could be a credential. */
const harmless = new Set(['accept', 'accept-language', 'content-type', 'user-agent', 'idempotency-key'])

/**
 * The request to where a redirect leads (RFC 9110, section 15.4): 303 becomes GET, as does POST after 301 and 302;
 * otherwise method and body are kept. Another origin gets no header that could be a credential.
 */
export const followRedirect = (request: OutboundRequest, status: number, from: URL, to: URL): OutboundRequest => {
  if (from.protocol === 'https:' && to.protocol === 'http:') {
    throw httpFailure('http_redirects', 'a redirect from https to http is not followed', 'yes')
  }
  const toGet = status === 303 ? request.method !== 'HEAD' : status < 303 && request.method === 'POST'
  const kept = Object.entries(request.headers).filter(([name]) => {
    if (toGet && name.startsWith('content-')) return false
    return from.origin === to.origin || harmless.has(name)
  })
  const next = { url: to.href, headers: Object.fromEntries(kept) }
  if (toGet) return { ...next, method: 'GET' }
  return { ...next, method: request.method, ...(request.body === undefined ? {} : { body: request.body }) }
}

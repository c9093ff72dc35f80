import type { Dispatcher, Headers, Response } from 'undici'
import { ApiError, ConnectionFailed, describe, type Problem } from './errors.js'

/** What the API answered: parsed body, status and headers. */
export interface Answer<T> {
  status: number
  headers: Headers
  body: T
}

type RequestHeaders = Readonly<Record<string, string>>

/**
 * Calls the API as any client would. Throws ApiError where the answer is a problem, with what it says, and ConnectionFailed where
 * there is no answer.
 */
export interface Client {
  readonly url: string
  /** Rejects with what the signal aborted with as soon as it does. */
  get<T>(path: string, headers?: RequestHeaders, signal?: AbortSignal): Promise<Answer<T>>
  send<T>(method: string, path: string, body?: unknown, headers?: RequestHeaders): Promise<Answer<T>>
  /** The text of an answer as it comes; undefined where it has none (204). Leaving the loop early ends the request. */
  stream(path: string, headers?: RequestHeaders): Promise<AsyncIterable<string> | undefined>
}

const hints: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'is it running (flowledger serve)? --url or FLOWLEDGER_URL says where it is',
  ENOTFOUND: 'there is no host of that name',
}

const connectionFailed = (url: string, error: unknown): ConnectionFailed => {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  const { code } = cause as NodeJS.ErrnoException
  const reason = (code !== undefined && hints[code]) || describe(cause)
  return new ConnectionFailed(`no answer from ${url}: ${reason}`, { cause })
}

const problemOf = (text: string): Problem => {
  try {
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null ? parsed : {}
  } catch {
    // A proxy in between answers with a page of its own; the status is all there is to say.
    return {}
  }
}

async function* decoded(url: string, body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  try {
    for await (const chunk of body) yield decoder.decode(chunk, { stream: true })
  } catch (error) {
    throw connectionFailed(url, error)
  }
  yield decoder.decode()
}

export const createClient = ({ url, apiKey }: { readonly url: string; readonly apiKey: string }): Client => {
  let dispatcher: Dispatcher | undefined

  const request = async (
    method: string,
    path: string,
    body: unknown,
    headers: RequestHeaders,
    signal?: AbortSignal,
  ): Promise<Response> => {
    const { Agent, fetch } = await import('undici')
    // A whole log may take an hour to verify: the server's time limits count.
    dispatcher ??= new Agent({ headersTimeout: 0, bodyTimeout: 0 })
    const json = body === undefined ? {} : { 'Content-Type': 'application/json' }
    const response = await fetch(`${url}${path}`, {
      method,
      dispatcher,
      // The key goes nowhere but where it was meant to go.
      redirect: 'manual',
      ...(signal !== undefined && { signal }),
      headers: { 'X-API-Key': apiKey, ...json, ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }).catch((error: unknown) => {
      signal?.throwIfAborted()
      throw connectionFailed(url, error)
    })
    if (!response.ok) throw new ApiError(response.status, problemOf(await response.text()))
    return response
  }

  const call = async <T>(
    method: string,
    path: string,
    body: unknown,
    headers: RequestHeaders,
    signal?: AbortSignal,
  ): Promise<Answer<T>> => {
    const response = await request(method, path, body, headers, signal)
    const text = await response.text().catch((error: unknown) => {
      signal?.throwIfAborted()
      throw connectionFailed(url, error)
    })
    const isJson = /\bjson\b/.test(response.headers.get('content-type') ?? '')
    if (text !== '' && !isJson) throw new ConnectionFailed(`what answers at ${url} is no Flowledger server`)
    return { status: response.status, headers: response.headers, body: (text ? JSON.parse(text) : undefined) as T }
  }

  return {
    url,
    get: (path, headers = {}, signal) => call('GET', path, undefined, headers, signal),
    send: (method, path, body, headers = {}) => call(method, path, body, headers),
    stream: async (path, headers = {}) => {
      const { status, body } = await request('GET', path, undefined, headers)
      return status === 204 || body === null ? undefined : decoded(url, body)
    },
  }
}

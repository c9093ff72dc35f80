import supertest, { type Response } from 'supertest'
import { expect } from 'vitest'
import { createOpenApiDocument } from '../../../src/http/openapi/createOpenApiDocument.js'
import { routes } from '../../../src/http/routes/index.js'
import { createOpenApiValidator, type OpenApiValidator } from './openApiValidator.js'
import type { World } from './world.js'

export interface RequestOptions {
  readonly body?: unknown
  /** Sent as it is, instead of `body`. */
  readonly raw?: string | Buffer
  readonly headers?: Record<string, string>
  /** Another key; null sends none. */
  readonly key?: string | null
}

export interface Client {
  /** Sends a request and holds the answer against the OpenAPI document. */
  (method: string, path: string, options?: RequestOptions): Promise<Response>
  readonly validator: OpenApiValidator
}

/** Talks to a world's API; no answer that the OpenAPI document does not declare gets past it. */
export const createClient = ({ app, key: defaultKey, dependencies }: World): Client => {
  const document = createOpenApiDocument(routes, { version: '0.0.0', nodeTypes: dependencies.nodeTypes })
  const validator = createOpenApiValidator(document)
  const send = async (method: string, path: string, options: RequestOptions = {}): Promise<Response> => {
    const { body, raw, headers = {}, key = defaultKey } = options
    const request = supertest(app)[method.toLowerCase() as 'get'](path).buffer(true)
    if (key !== null) request.set('X-API-Key', key)
    if (body !== undefined || raw !== undefined) request.set('Content-Type', 'application/json')
    request.set(headers)
    if (Buffer.isBuffer(raw)) request.serialize((bytes: unknown) => bytes as string)
    const response = await (raw !== undefined
      ? request.send(raw)
      : body !== undefined
        ? request.send(body as object)
        : request)
    const seen = { status: response.status, headers: response.headers, text: response.text ?? '' }
    expect(validator.errorsOf(method, path.split('?')[0] ?? path, seen), `${method} ${path}`).toEqual([])
    return response
  }
  return Object.assign(send, { validator })
}

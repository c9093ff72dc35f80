import fc, { type Arbitrary } from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createOpenApiDocument, type OpenApiDocument } from '../../../src/http/openapi/createOpenApiDocument.js'
import { routes } from '../../../src/http/routes/index.js'
import { type Client, createClient } from '../../support/http/client.js'
import { createArbitraries } from '../../support/http/fromSchema.js'
import { startWorld, type World } from '../../support/http/world.js'

/** Things that are there, by the name of the path parameter that asks for them. */
interface Things {
  readonly workflow: string
  readonly execution: string
  readonly node: string
  readonly edge: string
}

let world: World
let send: Client
let document: OpenApiDocument

beforeAll(async () => {
  world = await startWorld()
  send = createClient(world)
  document = createOpenApiDocument(routes, { version: '0.0.0', nodeTypes: world.dependencies.nodeTypes })
})
afterAll(() => world.stop())

const definition = {
  name: 'Fuzzed',
  nodes: [
    { key: 'start', type: 'trigger.manual' },
    { key: 'a', type: 'signal', config: { name: 'approve' } },
  ],
  edges: [{ sourceNodeId: 'start', targetNodeId: 'a' }],
}

/** Fresh ones for each operation: what one has archived must not keep the next from being reached. */
const makeThings = async (): Promise<Things> => {
  const { id, nodes, edges } = (await send('post', '/v1/workflows', { body: definition })).body
  await send('post', `/v1/workflows/${id}/versions`)
  await send('post', `/v1/workflows/${id}/versions/1/publish`)
  const run = await send('post', `/v1/workflows/${id}/executions`)
  return { workflow: id, execution: run.body.id, node: nodes[1].id, edge: edges[0].id }
}

const knownValue = (template: string, name: string, things: Things): string => {
  const values: Record<string, string> = {
    nodeId: things.node,
    edgeId: things.edge,
    number: '1',
    a: '1',
    b: '1',
    key: 'TOKEN',
    name: template.includes('projections') ? 'workflows' : 'approve',
  }
  const id = template.startsWith('/v1/executions') ? things.execution : things.workflow
  return name === 'id' ? id : (values[name] ?? '1')
}

interface Parameter {
  readonly $ref?: string
  readonly in: 'path' | 'query' | 'header'
  readonly name: string
  readonly required?: boolean
  readonly schema: object
}

interface Operation {
  readonly parameters?: Parameter[]
  readonly requestBody?: { readonly content: Record<string, { readonly schema: object }> }
}

interface FuzzedRequest {
  readonly method: string
  readonly path: string
  readonly headers: Record<string, string>
  readonly body: unknown
}

const asText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))
const headerSafe = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?').trim()

const requestTo = (
  template: string,
  method: string,
  operation: Operation,
  things: Things,
): Arbitrary<FuzzedRequest> => {
  const { fromSchema } = createArbitraries(document, Object.values(things))
  const shared = document.components?.parameters as Record<string, Parameter>
  const parameters = (operation.parameters ?? []).map((parameter) =>
    parameter.$ref === undefined ? parameter : (shared[parameter.$ref.split('/').at(-1) ?? ''] as Parameter),
  )
  const ofPlace = (place: Parameter['in']): Parameter[] => parameters.filter((parameter) => parameter.in === place)
  const path = fc.record(
    Object.fromEntries(
      ofPlace('path').map(({ name, schema }) => {
        const known = fc.constant<unknown>(knownValue(template, name, things))
        return [name, fc.oneof({ weight: 5, arbitrary: known }, { weight: 1, arbitrary: fromSchema(schema) })]
      }),
    ),
  )
  const sometimes = (place: Parameter['in']): Arbitrary<Record<string, unknown>> =>
    fc
      .record(
        Object.fromEntries(
          ofPlace(place).map(({ name, schema }) => [name, fc.option(fromSchema(schema), { freq: 1 })]),
        ),
      )
      .map((values) => Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null)))
  const schema = operation.requestBody?.content['application/json']?.schema
  const body =
    schema === undefined ? fc.constant(undefined) : fc.option(fromSchema(schema), { nil: undefined, freq: 20 })
  return fc.record({ path, query: sometimes('query'), headers: sometimes('header'), body }).map((parts) => {
    const target = template.replace(
      /\{(\w+)\}/g,
      (_, name: string) => encodeURIComponent(asText(parts.path[name])) || '-',
    )
    const query = new URLSearchParams(
      Object.entries(parts.query).map(([name, value]): [string, string] => [name, asText(value)]),
    ).toString()
    // A fuzzed Prefer may ask to wait for what never comes; a token of the future is answered by 503, as it should be.
    const { Prefer: _, 'X-Consistency-Token': token, ...headers } = parts.headers
    if (typeof token === 'string') headers['X-Consistency-Token'] = /^\d+$/.test(token) ? '1' : token
    return {
      method,
      path: query === '' ? target : `${target}?${query}`,
      headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, headerSafe(asText(value))])),
      body: parts.body,
    }
  })
}

const operations: [method: string, template: string][] = routes.map(({ method, path }) => [method, path])

describe('whatever is sent', () => {
  it.each(operations)(
    '%s %s answers no 5xx, and every refusal is a problem document that is declared',
    async (method, template) => {
      const ofPath = document.paths?.[template] as unknown as Record<string, Operation>
      const operation = ofPath[method] as Operation
      const things = await makeThings()
      await fc.assert(
        fc.asyncProperty(
          requestTo(template, method, operation, things),
          async ({ path, headers, body, ...request }) => {
            // The client holds each answer against the document: its status, headers, media type, code and body.
            const raw = body === undefined ? {} : { raw: JSON.stringify(body) }
            const response = await send(request.method, path, { headers, ...raw })
            expect(response.status).toBeLessThan(500)
            if (response.status >= 400) expect(response.headers['content-type']).toContain('application/problem+json')
          },
        ),
        { numRuns: Number(process.env.FUZZ_RUNS ?? 12), endOnFailure: true },
      )
    },
  )

  it('has reached what it should', () => {
    const reached = [...send.validator.seen].filter((seen) => / 2\d\d$/.test(seen))
    expect(reached.length).toBeGreaterThan(40)
  })

  it('leaves a log whose chain holds', async () => {
    expect((await send('get', '/v1/audit/verification')).body).toMatchObject({ valid: true })
  })
})

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import formatsPlugin from 'ajv-formats'
import { describe, expect, it } from 'vitest'
import { currentDocument } from '../../../scripts/openapi.js'
import { problemsOf } from '../../../src/http/openapi/problemsOf.js'
import { routes } from '../../../src/http/routes/index.js'
import { createOpenApiValidator } from '../../support/http/openApiValidator.js'

const root = join(import.meta.dirname, '../../..')
const document = currentDocument()
const readJson = (file: string): object => JSON.parse(readFileSync(join(root, file), 'utf8')) as object

const newAjv = (): Ajv2020 => {
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: true })
  formatsPlugin.default(ajv)
  // Formats of the OpenAPI schema that ajv-formats does not know; they say nothing about structure.
  for (const format of ['media-range']) ajv.addFormat(format, true)
  return ajv
}

/** Every `$ref` of the document. */
function* referencesOf(value: unknown): Generator<string> {
  if (typeof value !== 'object' || value === null) return
  for (const [key, member] of Object.entries(value)) {
    if (key === '$ref' && typeof member === 'string') yield member
    else yield* referencesOf(member)
  }
}

const resolve = (reference: string): unknown =>
  reference
    .slice(2)
    .split('/')
    .map((segment) => decodeURIComponent(segment).replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>((value, segment) => (value as Record<string, unknown> | undefined)?.[segment], document)

describe('the OpenAPI document', () => {
  it('is valid by the schema of OpenAPI 3.1', () => {
    // Published by the OpenAPI Initiative (spec.openapis.org/oas/3.1/schema/2022-10-07, Apache License 2.0).
    const text = JSON.stringify(readJson('test/support/http/schemas/openapi-3.1.schema.json'))
    // Ajv takes the nearest dynamic anchor for the outermost one. There is only one, so a plain reference says the same.
    const schema = text.replaceAll('"$dynamicRef":"#meta"', '"$ref":"#/$defs/schema"')
    const validate = newAjv().compile(JSON.parse(schema))
    validate(document)
    expect(validate.errors ?? []).toEqual([])
  })

  it('holds only schemas that are valid JSON Schema 2020-12', () => {
    const ajv = newAjv()
    for (const [name, schema] of Object.entries(document.components?.schemas ?? {}))
      expect([name, ajv.validateSchema(schema), ajv.errors]).toEqual([name, true, null])
  })

  it('refers to nothing that is not there', () => {
    const missing = [...new Set(referencesOf(document))].filter((reference) => resolve(reference) === undefined)
    expect(missing).toEqual([])
  })

  it('has no alias of a type that is made of itself, which generated clients could not compile', () => {
    const alternatives = (schema: { anyOf?: object[]; oneOf?: object[] }) => [
      ...(schema.anyOf ?? []),
      ...(schema.oneOf ?? []),
    ]
    const schemas = Object.entries((document.components?.schemas ?? {}) as Record<string, object>)
    const recursive = schemas.filter(([name, schema]) =>
      JSON.stringify(alternatives(schema)).includes(`"#/components/schemas/${name}"`),
    )
    expect(recursive.map(([name]) => name)).toEqual([])
  })

  it('names every operation once, with a summary, a tag and its scope', () => {
    const operations = Object.values(document.paths ?? {}).flatMap((path) =>
      Object.values(
        path as Record<string, { operationId: string; summary: string; tags: string[]; description: string }>,
      ),
    )
    expect(operations).toHaveLength(routes.length)
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length)
    for (const { summary, tags, description } of operations) {
      expect(summary).toMatch(/\S/)
      expect(tags).toHaveLength(1)
      expect(description).toMatch(/Scope: `|Needs /)
    }
  })

  it('has examples that its own schemas allow', () => {
    for (const route of routes) {
      if (route.example === undefined) continue
      const parsed = route.body?.safeParse(route.example)
      expect([route.operationId, parsed?.error]).toEqual([route.operationId, undefined])
    }
  })

  it('describes the config of every node type', () => {
    const types = document['x-flowledger-node-types'] as Record<string, { config: string; kind: string }>
    expect(Object.keys(types)).toEqual(
      expect.arrayContaining(['trigger.manual', 'transform', 'http.request', 'code', 'map']),
    )
    for (const { config } of Object.values(types)) expect(resolve(config)).toMatchObject({ type: 'object' })
  })

  it('is in step with openapi.json (node --import tsx scripts/openapi.ts writes it)', () => {
    expect(readJson('openapi.json')).toEqual(JSON.parse(JSON.stringify(document)))
  })

  it('declares the problems that follow from what a route takes', () => {
    const start = routes.find(({ operationId }) => operationId === 'startExecution')
    const problems = start && problemsOf(start)
    expect(problems?.get(401)).toEqual(['unauthenticated'])
    expect(problems?.get(413)).toEqual(expect.arrayContaining(['body_too_large', 'input_too_large']))
    expect(problems?.get(422)).toEqual(expect.arrayContaining(['invalid_body', 'idempotency_key_reused']))
  })
})

describe('holding answers against the document', () => {
  const { errorsOf } = createOpenApiValidator(document)
  const headers = { 'content-type': 'application/json; charset=utf-8' }
  const health = (status: number, text: string, more = {}): string[] =>
    errorsOf('get', '/healthz', { status, headers: { ...headers, ...more }, text })

  it('takes what is declared', () => expect(health(200, '{"status":"ok"}')).toEqual([]))
  it('finds a status that is not', () => expect(health(418, '{}')).toHaveLength(1))
  it('finds a header that is not', () => expect(health(200, '{"status":"ok"}', { 'x-more': '1' })).toHaveLength(1))
  it('finds a body that is not', () => expect(health(200, '{"status":"ok","more":1}')).toHaveLength(1))
  it('finds a problem code that is not', () => {
    const problem = { type: 'x', title: 'x', status: 429, code: 'made_up', traceId: 'x' }
    const seen = { status: 429, headers: { 'content-type': 'application/problem+json' }, text: JSON.stringify(problem) }
    expect(errorsOf('get', '/healthz', seen)).toHaveLength(1)
  })
})

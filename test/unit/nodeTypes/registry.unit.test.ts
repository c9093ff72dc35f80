import { readFile } from 'node:fs/promises'
import { afterAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { findExpressions } from '../../../src/domain/expressions/findExpressions.js'
import type { JsonObject } from '../../../src/domain/json.js'
import { createCelEngine } from '../../../src/execution/expressions/celEngine.js'
import { createNodeTypes } from '../../../src/execution/nodeTypes/registry.js'
import { createOutboundHttp } from '../../../src/execution/outbound/outboundHttp.js'
import { createCodeSandbox } from '../../../src/execution/sandbox/codeSandbox.js'

const engine = createCelEngine()
const http = createOutboundHttp()
const sandbox = createCodeSandbox()
const types = createNodeTypes({ http, sandbox })
afterAll(() => Promise.all([http.close(), sandbox.close()]))

const workflowId = '6f0e1a52-9d3c-4c57-9f6e-0d6a3a1b2c3d'
const examples: Readonly<Record<string, JsonObject>> = {
  'trigger.manual': {},
  'trigger.webhook': { path: 'orders' },
  'trigger.schedule': { cron: '0 9 * * *' },
  transform: { output: null },
  condition: { expression: 'true' },
  switch: { cases: [{ id: 'a', when: 'true' }] },
  merge: {},
  noop: {},
  fail: { code: 'no', message: 'No.' },
  'http.request': { url: 'https://example.org' },
  delay: { seconds: 1 },
  signal: { name: 'go' },
  subworkflow: { workflowId },
  map: { items: '{{ input }}', workflowId },
  code: { source: '1' },
}

describe('the node types', () => {
  it('are those of the documentation', () => {
    expect([...types.keys()].sort()).toEqual(Object.keys(examples).sort())
  })

  it.each(Object.entries(examples))('%s takes its config and refuses unknown fields', (name, config) => {
    const schema = types.get(name)?.configSchema
    expect(schema?.safeParse(config)).toMatchObject({ success: true })
    expect(schema?.safeParse({ ...config, unknown: 1 }).success).toBe(false)
  })

  it.each(Object.keys(examples))('%s has a config that JSON Schema can describe, and a sentence for people', (name) => {
    const type = types.get(name)
    expect(() => z.toJSONSchema(type?.configSchema ?? z.never(), { io: 'input' })).not.toThrow()
    expect(type?.description).toMatch(/^[A-Z].*\.$/)
  })

  it('have the examples of the documentation as valid configs with valid expressions', async () => {
    const text = await readFile(new URL('../../../docs/node-types.md', import.meta.url), 'utf8')
    const sections = text.split(/^### /m).slice(1)
    const documented = sections.flatMap((section) => {
      const names = [...(section.split('\n')[0] ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name ?? '')
      const configs = [...section.matchAll(/```json\n(.*?)```/gs)].map(
        ([, json]) => JSON.parse(json ?? '') as JsonObject,
      )
      return names.map((name) => ({ name, configs }))
    })
    expect(documented.map(({ name }) => name).sort()).toEqual([...types.keys()].sort())
    for (const { name, configs } of documented) {
      const type = types.get(name)
      for (const config of configs) {
        expect(type?.configSchema.safeParse(config), name).toMatchObject({ success: true })
        for (const { source } of type ? findExpressions(config, type) : []) {
          expect(engine.check(source), source).toMatchObject({ ok: true })
        }
      }
    }
  })
})

import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../../src/domain/json.js'
import type { WaitNodeType } from '../../../src/domain/nodes/behaviour.js'
import { portsOf } from '../../../src/domain/nodes/nodeType.js'
import { createCelEngine } from '../../../src/execution/expressions/celEngine.js'
import { delay } from '../../../src/execution/nodeTypes/delay.js'
import { map } from '../../../src/execution/nodeTypes/map.js'
import { signal } from '../../../src/execution/nodeTypes/signal.js'
import { subworkflow } from '../../../src/execution/nodeTypes/subworkflow.js'
import { scopeOf } from '../expressions/testScope.js'

const engine = createCelEngine()
const now = '2024-05-01T10:00:00.000Z'
const workflowId = '6f0e1a52-9d3c-4c57-9f6e-0d6a3a1b2c3d'
const scope = scopeOf({ wait: 90, at: '2024-05-01T14:00:00+02:00', id: 7, rows: [{ n: 1 }, { n: 2 }] })

const plan = (type: WaitNodeType, config: JsonObject) => {
  expect(type.configSchema.safeParse(config)).toMatchObject({ success: true })
  return type.plan(config, scope, engine, now)
}
const invalidConfig = expect.objectContaining({
  error: expect.objectContaining({ class: 'config', code: 'invalid_config' }),
})

describe('delay', () => {
  it.each([
    [{ seconds: 1.5 }, '2024-05-01T10:00:01.500Z'],
    [{ seconds: '{{ input.wait }}' }, '2024-05-01T10:01:30.000Z'],
    [{ until: '{{ input.at }}' }, '2024-05-01T12:00:00.000Z'],
    [{ until: '{{ timestamp(input.at) + duration("1h") }}' }, '2024-05-01T13:00:00.000Z'],
    [{ until: '2020-01-01T00:00:00Z' }, '2020-01-01T00:00:00.000Z'],
  ])('with %j is due at %s', (config, dueAt) => {
    expect(plan(delay, config)).toEqual({ kind: 'timer', dueAt })
  })

  it.each([{}, { seconds: 1, until: now }, { seconds: -1 }, { until: 'tomorrow' }, { seconds: 'soon' }])(
    'refuses %j',
    (config) => {
      expect(delay.configSchema.safeParse(config).success).toBe(false)
    },
  )

  it.each([
    { seconds: '{{ "x" }}' },
    { seconds: '{{ -1 }}' },
    { until: '{{ "soon" }}' },
    { until: '2999-01-01T00:00:00Z' },
  ])('fails when %j turns out to be no time', (config) => {
    expect(() => plan(delay, config)).toThrow(invalidConfig)
  })

  it('has the ports of a waiting node', () => {
    expect(portsOf(delay, { seconds: 1 })).toEqual(['out', 'error', 'timeout'])
  })
})

describe('signal', () => {
  it('waits for its name, with or without an end', () => {
    expect(plan(signal, { name: 'approve-{{ input.id }}' })).toEqual({ kind: 'signal', name: 'approve-7' })
    expect(plan(signal, { name: 'approve', timeoutSeconds: 60 })).toEqual({
      kind: 'signal',
      name: 'approve',
      timeoutAt: '2024-05-01T10:01:00.000Z',
    })
  })

  it('fails when its name turns out to be none', () => {
    expect(() => plan(signal, { name: '{{ input.rows }}' })).toThrow(invalidConfig)
  })
})

describe('subworkflow', () => {
  it('starts what it names with its input', () => {
    expect(plan(subworkflow, { workflowId, input: { id: '{{ input.id }}' } })).toEqual({
      kind: 'subworkflow',
      workflowId,
      input: { id: 7 },
    })
    expect(plan(subworkflow, { workflowId, version: 3 })).toEqual({
      kind: 'subworkflow',
      workflowId,
      version: 3,
      input: scope.input,
    })
    expect(subworkflow.subworkflow?.({ workflowId, version: 3 })).toEqual({ workflowId, version: 3 })
  })

  it('must name it literally', () => {
    expect(subworkflow.configSchema.safeParse({ workflowId: '{{ input.workflow }}' }).success).toBe(false)
  })
})

describe('map', () => {
  it('makes an input of each item', () => {
    const config = {
      workflowId,
      items: '{{ input.rows }}',
      input: { n: '{{ item.n * 10 }}', at: '{{ index }}', id: '{{ input.id }}' },
    }
    expect(plan(map, config)).toEqual({
      kind: 'map',
      workflowId,
      inputs: [
        { n: 10, at: 0, id: 7 },
        { n: 20, at: 1, id: 7 },
      ],
      maxConcurrency: 10,
      toleratedFailures: 0,
    })
  })

  it('gives each item itself without an input, and takes its numbers from expressions', () => {
    const config = {
      workflowId,
      items: ['a', '{{ input.id }}'],
      maxConcurrency: '{{ input.id }}',
      toleratedFailures: 1,
    }
    expect(plan(map, config)).toMatchObject({ inputs: ['a', 7], maxConcurrency: 7, toleratedFailures: 1 })
  })

  it.each([{ items: '{{ input.id }}' }, { items: '{{ range(10001) }}' }, { items: [], maxConcurrency: '{{ 0 }}' }])(
    'fails with %j',
    (config) => {
      expect(() => plan(map, { workflowId, ...config })).toThrow(invalidConfig)
    },
  )
})

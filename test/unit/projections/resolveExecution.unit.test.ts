import { expect, it } from 'vitest'
import { resolveExecution } from '../../../src/projections/queries/resolveExecution.js'

type Row = Parameters<typeof resolveExecution>[0]
type Step = Parameters<typeof resolveExecution>[1][number]

const row = (more: Partial<Row> = {}): Row => ({
  id: 'run',
  workflow_id: 'w',
  version: 1,
  version_id: 'v',
  status: 'completed',
  trigger: { nodeId: 't', key: 'start', type: 'trigger.manual' },
  input: { price: 2 },
  output_from: null,
  error: null,
  parent: null,
  origin_id: null,
  revision: 3,
  started_at: '2026-01-01T00:00:00.000Z',
  finished_at: '2026-01-01T00:00:01.000Z',
  ...more,
})
const step = (nodeId: string, inputFrom: string[], more: Partial<Step> = {}): Step => ({
  node_id: nodeId,
  key: `key_${nodeId}`,
  type: 'noop',
  status: 'completed',
  attempts: 0,
  input_from: inputFrom,
  output: undefined,
  error: null,
  handling: null,
  started_at: '2026-01-01T00:00:00.000Z',
  finished_at: null,
  ...more,
})
const outputs = (steps: readonly { nodeId: string; output: unknown }[]) =>
  Object.fromEntries(steps.map(({ nodeId, output }) => [nodeId, output]))

it('passes inputs through steps that made no output, and gathers several by their keys', () => {
  const run = resolveExecution(row({ output_from: ['merge', 'c'] }), [
    step('t', []),
    step('a', ['t']),
    step('b', ['t'], { output: 5 }),
    step('merge', ['a', 'b']),
    step('c', ['merge'], { output: null }),
  ])
  expect(outputs(run.steps)).toEqual({
    t: { price: 2 },
    a: { price: 2 },
    b: 5,
    merge: { key_a: { price: 2 }, key_b: 5 },
    c: null,
  })
  expect(run.output).toEqual({ key_merge: { key_a: { price: 2 }, key_b: 5 }, key_c: null })
})

it('hands on the error of a failed step at its error port, and null where the run goes on without it', () => {
  const error = { class: 'http', code: 'http_status', message: 'answered 500' }
  const failed = (handling: Step['handling']) =>
    resolveExecution(row(), [
      step('t', []),
      step('f', ['t'], { status: 'failed', error, handling, attempts: 2 }),
      step('next', ['f']),
    ]).steps.at(-1)?.output
  expect(failed('errorPort')).toEqual({ ...error, attempt: 2, nodeKey: 'key_f' })
  expect(failed('continue')).toBeNull()
})

it('resolves a chain of thousands of steps that pass their input through', () => {
  const count = 20_000
  const steps = [
    step('t', []),
    ...Array.from({ length: count }, (_, n) => step(`${n}`, [n === 0 ? 't' : `${n - 1}`])),
  ].reverse()
  const run = resolveExecution(row({ output_from: [`${count - 1}`] }), steps)
  expect(run.output).toEqual({ price: 2 })
})

it('calls what was open when the run ended cancelled', () => {
  const open = resolveExecution(row({ status: 'running', finished_at: null }), [
    step('w', ['t'], { status: 'waiting' }),
  ])
  const ended = resolveExecution(row({ status: 'failed' }), [step('w', ['t'], { status: 'waiting' })])
  expect([open.steps[0]?.status, ended.steps[0]?.status]).toEqual(['waiting', 'cancelled'])
})

import { describe, expect, it } from 'vitest'
import type { Definition, Edge, WorkflowNode } from '../../../../src/domain/definition.js'
import { type ValidationContext, validateDefinition } from '../../../../src/domain/graph/validateDefinition.js'
import { testEngine, testNodeTypes } from '../../../support/commands/nodeTypes.js'
import { definition, edge, idOf, node, workflowId } from '../../../support/commands/workflows.js'

const start = node('start', { type: 'trigger.manual' })
const a = node('a')
const transform = (output: string): WorkflowNode => node('a', { type: 'transform', config: { output } })
const request = (config = {}): WorkflowNode =>
  node('a', { type: 'http.request', config: { url: 'https://example.com', ...config }, policy: { onError: 'hold' } })
const call = (target: string): WorkflowNode => node('a', { type: 'subworkflow', config: { workflowId: idOf(target) } })
const choice = node('a', { type: 'switch', config: { cases: [{ id: 'x', when: 'true' }] } })

/** `start -> a`, and more. */
const graph = (second: WorkflowNode, edges: readonly Edge[] = [], nodes: readonly WorkflowNode[] = []): Definition =>
  definition([start, second, ...nodes], [edge('start', 'a'), ...edges])
const again = (name: string, repeated: Edge): Edge => ({ ...repeated, id: idOf(name) })

/** Each code of execution.md, "Publish needs a valid graph": a definition with exactly that wrong, and where. */
const errors: [code: string, where: string, given: Definition][] = [
  ['duplicate_id', '/nodes/2/id', graph(a, [], [{ ...node('b', { type: 'trigger.manual' }), id: start.id }])],
  ['duplicate_id', '/edges/1/id', graph(a, [{ ...edge('start', 'b'), id: edge('start', 'a').id }], [node('b')])],
  ['duplicate_key', '/nodes/2/key', graph(a, [edge('a', 'b')], [{ ...node('b'), key: 'a' }])],
  ['unknown_node_type', '/nodes/1/type', graph(node('a', { type: 'no.such' }))],
  ['invalid_config', '/nodes/1/config/url', graph(request({ url: 5 }))],
  ['dangling_edge', '/edges/1/targetNodeId', graph(a, [edge('a', 'nowhere')])],
  ['dangling_edge', '/edges/1/sourceNodeId', graph(a, [edge('nowhere', 'a')])],
  ['unknown_port', '/edges/1/sourcePort', graph(a, [edge('a.no', 'b')], [node('b')])],
  ['duplicate_edge', '/edges/1', graph(a, [again('again', edge('start', 'a'))])],
  ['self_loop', '/edges/1/targetNodeId', graph(a, [edge('a', 'a')])],
  ['cycle', '/nodes/1', graph(a, [edge('a', 'b'), edge('b', 'a')], [node('b')])],
  ['no_trigger', '/nodes', definition([])],
  [
    'edge_into_trigger',
    '/edges/1/targetNodeId',
    graph(a, [edge('a', 'hook')], [node('hook', { type: 'trigger.manual' })]),
  ],
  ['expression_syntax', '/nodes/1/config/output', graph(transform('{{ 1 + }}'))],
  [
    'expression_reference',
    '/nodes/1/config/output',
    graph(transform('{{ nodes.b.output }}'), [edge('a', 'b')], [node('b')]),
  ],
  ['secret_missing', '/nodes/1/config/headers/x', graph(request({ headers: { x: '{{ secrets.MISSING }}' } }))],
  ['subworkflow_missing', '/nodes/1/config/workflowId', graph(call('missing'))],
  ['subworkflow_recursion', '/nodes/1/config/workflowId', graph(call('looping'))],
  ['too_large', '', graph(transform('x'.repeat(520 * 1024)))],
]
const warnings: [code: string, where: string | undefined, given: Definition][] = [
  ['unreachable_node', '/nodes/2', graph(a, [], [node('b')])],
  ['switch_without_default', '/nodes/1', graph(choice, [edge('a.x', 'b')], [node('b')])],
  ['side_effect_without_error_path', '/nodes/1', graph({ ...request(), policy: {} })],
  ['unused_secret', undefined, graph(a)],
]

const findings = (given: Definition, secretNames: readonly string[] = []) => {
  const context: ValidationContext = {
    nodeTypes: testNodeTypes,
    engine: testEngine,
    workflowId,
    secretNames: new Set(secretNames),
    subworkflows: ({ workflowId: id }) => (id === idOf('looping') ? { starts: new Set([workflowId]) } : undefined),
  }
  return validateDefinition(given, context)
}

const brief = (given: Definition, secretNames: readonly string[] = []) =>
  findings(given, secretNames).map(({ severity, code, pointer }) => [severity, code, pointer])

describe('a definition', () => {
  it.each(errors)('with %s is told exactly that, at %s', (code, where, given) => {
    expect(brief(given)).toEqual([['error', code, where]])
  })

  it.each(warnings)('with %s is warned of exactly that, at %s', (code, where, given) => {
    expect(brief(given, code === 'unused_secret' ? ['IDLE'] : [])).toEqual([['warning', code, where]])
  })

  it.each([...errors, ...warnings])('with %s is told so in a sentence', (_, __, given) => {
    for (const { detail } of findings(given, ['IDLE'])) expect(detail).toMatch(/^[A-Z].*\.$/)
  })

  it('may have keys that differ in case only: they are two', () => {
    const upper = { ...node('b', { type: 'transform', config: { output: '{{ nodes.a.output }}' } }), key: 'A' }
    expect(brief(graph(a, [edge('a', 'b')], [upper]))).toEqual([])
  })
})

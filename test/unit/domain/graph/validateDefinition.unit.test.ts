import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Definition, Edge, WorkflowNode } from '../../../../src/domain/definition.js'
import { ancestorsOf } from '../../../../src/domain/graph/ancestors.js'
import { findCycles } from '../../../../src/domain/graph/cycles.js'
import { indexGraph } from '../../../../src/domain/graph/graphIndex.js'
import { topologicalOrder } from '../../../../src/domain/graph/topologicalOrder.js'
import { type ValidationContext, validateDefinition } from '../../../../src/domain/graph/validateDefinition.js'
import { definitions } from '../../../support/commands/arbitraries.js'
import { testEngine, testNodeTypes } from '../../../support/commands/nodeTypes.js'
import { definition, edge, idOf, node, workflowId } from '../../../support/commands/workflows.js'

const context: ValidationContext = { nodeTypes: testNodeTypes, engine: testEngine }
const start = node('start', { type: 'trigger.manual' })
const transform = (key: string, output: unknown = 1): WorkflowNode =>
  node(key, { type: 'transform', config: { output: output as never } })
const request = (key: string, config: WorkflowNode['config'] = { url: 'https://example.com' }, policy = {}) =>
  node(key, { type: 'http.request', config, policy })

const findings = (nodes: WorkflowNode[], edges: Edge[] = [], more: Partial<ValidationContext> = {}) =>
  validateDefinition(definition(nodes, edges), { ...context, ...more })
/** Severity is told by the order: errors first. */
const brief = (...given: Parameters<typeof findings>) =>
  findings(...given).map(({ code, pointer = '' }) => `${code} ${pointer}`.trim())

describe('validation', () => {
  it('finds nothing wrong with a proper workflow', () => {
    const nodes = [
      start,
      transform('greet', { text: 'Hello {{ trigger.name }}', from: '{{ nodes.start.output.name }}' }),
      node('big', { type: 'condition', config: { expression: 'nodes.greet.output.size > 3' } }),
      request('send', {
        url: 'https://example.com/{{ input.id }}',
        headers: { authorization: 'Bearer {{ secrets.TOKEN }}' },
      }),
      node('failed'),
    ]
    const edges = [edge('start', 'greet'), edge('greet', 'big'), edge('big.true', 'send'), edge('send.error', 'failed')]
    expect(findings(nodes, edges, { secretNames: new Set(['TOKEN']) })).toEqual([])
  })

  it('names node or edge, and says in words what is wrong', () => {
    const [finding] = findings([start, node('a', { type: 'no.such' })], [edge('start', 'a')])
    expect(finding).toEqual({
      severity: 'error',
      code: 'unknown_node_type',
      detail: 'There is no node type no.such.',
      nodeId: idOf('a'),
      pointer: '/nodes/1/type',
    })
  })

  it('tells ids and keys that come twice', () => {
    const twice = [start, node('a'), { ...node('b'), key: 'a' }, { ...node('c'), id: idOf('a') }]
    expect(brief(twice).filter((each) => each.startsWith('duplicate'))).toEqual([
      'duplicate_id /nodes/3/id',
      'duplicate_key /nodes/2/key',
    ])
    const sameEdge = [edge('start', 'a'), { ...edge('start', 'b'), id: edge('start', 'a').id }]
    expect(brief([start, node('a'), node('b')], sameEdge)).toEqual(['duplicate_id /edges/1/id'])
  })

  it('tells every field of a config that does not fit, unknown ones by name', () => {
    const wrong = request('a', { url: 5, methud: 'GET', headers: { '': 'x' } } as never, { onError: 'hold' })
    const found = brief([start, wrong], [edge('start', 'a')])
    expect(found).toContain('invalid_config /nodes/1/config/url')
    expect(found).toContain('invalid_config /nodes/1/config/methud')
    expect(found.every((each) => each.startsWith('invalid_config /nodes/1/config/'))).toBe(true)
  })

  it('tells edges that lead nowhere', () => {
    expect(brief([start], [edge('start', 'x'), edge('y', 'start')])).toEqual([
      'dangling_edge /edges/0/targetNodeId',
      'dangling_edge /edges/1/sourceNodeId',
      'edge_into_trigger /edges/1/targetNodeId',
    ])
  })

  it('tells ports that the type, or this config, does not have', () => {
    const choice = node('s', { type: 'switch', config: { cases: [{ id: 'x', when: 'true' }] } })
    const nodes = [start, choice, node('a'), request('r', undefined, { onError: 'hold' })]
    const edges = [
      ...[edge('start', 's'), edge('s.x', 'a'), edge('s.default', 'r')],
      ...[edge('s.y', 'a'), edge('a.true', 'r'), edge('r.error', 'a'), edge('r.timeout', 'a')],
    ]
    expect(brief(nodes, edges).filter((each) => !each.startsWith('cycle'))).toEqual([
      'unknown_port /edges/3/sourcePort',
      'unknown_port /edges/4/sourcePort',
      'unknown_port /edges/6/sourcePort',
    ])
  })

  it('knows the ports that waiting adds', () => {
    const wait = node('w', { type: 'delay', config: { seconds: 1 } })
    expect(brief([start, wait, node('a')], [edge('start', 'w'), edge('w.timeout', 'a'), edge('w.error', 'a')])).toEqual(
      [],
    )
  })

  it('tells two edges of the same ends, self loops, and what leads to a trigger', () => {
    const again = { ...edge('start', 'a'), id: idOf('again') }
    expect(brief([start, node('a')], [edge('start', 'a'), again, edge('a', 'a'), edge('a', 'start')])).toEqual([
      'duplicate_edge /edges/1',
      'self_loop /edges/2/targetNodeId',
      'edge_into_trigger /edges/3/targetNodeId',
      'cycle /nodes/0',
    ])
  })

  it('lists a cycle of every knot', () => {
    const nodes = [start, ...['a', 'b', 'c', 'd', 'e', 'f'].map((key) => node(key))]
    const edges = [
      ...[edge('start', 'a'), edge('a', 'b'), edge('b', 'c'), edge('c', 'a')],
      ...[edge('c', 'd'), edge('d', 'e'), edge('e', 'd'), edge('e', 'f')],
    ]
    const cycles = findings(nodes, edges).filter(({ code }) => code === 'cycle')
    expect(cycles.map(({ detail }) => detail.split(': ')[1]).sort()).toEqual(['a -> b -> c -> a.', 'd -> e -> d.'])
    expect(cycles.map(({ pointer }) => pointer).sort()).toEqual(['/nodes/1', '/nodes/4'])
  })

  it('needs a trigger', () => {
    expect(brief([node('a')])).toEqual(['no_trigger /nodes', 'unreachable_node /nodes/0'])
    expect(brief([])).toEqual(['no_trigger /nodes'])
  })

  it('tells expressions that do not parse, with the position', () => {
    const found = findings([start, transform('a', { deep: ['{{ 1 + }}'] })], [edge('start', 'a')])
    expect(found).toMatchObject([{ code: 'expression_syntax', pointer: '/nodes/1/config/output/deep/0' }])
    expect(found[0]?.detail).toMatch(/at character \d+ of "1 \+"/)
    expect(brief([start, transform('a', '{{ never closed')], [edge('start', 'a')])).toEqual([
      'expression_syntax /nodes/1/config/output',
    ])
  })

  it('lets an expression read only what came before it on every path that it may', () => {
    const nodes = [
      start,
      transform('a'),
      transform('b', '{{ nodes.a.output }}'),
      transform('c', '{{ nodes.b.output }}'),
    ]
    const chain = [edge('start', 'a'), edge('a', 'b'), edge('b', 'c')]
    expect(brief(nodes, chain)).toEqual([])
    expect(brief(nodes, [edge('start', 'a'), edge('start', 'b'), edge('b', 'c')])).toEqual([
      'expression_reference /nodes/2/config/output',
    ])
    const wrong = [
      start,
      transform('a', '{{ nodes.b.output }}'),
      transform('b', '{{ nodes.b.output + nodes.z.output }}'),
    ]
    expect(brief(wrong, [edge('start', 'a'), edge('a', 'b')])).toEqual([
      'expression_reference /nodes/1/config/output',
      'expression_reference /nodes/2/config/output',
      'expression_reference /nodes/2/config/output',
    ])
  })

  it('does not call anything behind a cycle no ancestor', () => {
    const nodes = [start, transform('a'), transform('b'), transform('c', '{{ nodes.a.output }}')]
    const edges = [edge('start', 'a'), edge('a', 'b'), edge('b', 'a'), edge('b', 'c')]
    expect(brief(nodes, edges)).toEqual(['cycle /nodes/1'])
  })

  it('lets secrets be read only where the type allows, and only those that are set', () => {
    const secretNames = new Set(['SET', 'IDLE'])
    const nodes = [
      start,
      transform('a', '{{ secrets.SET }}'),
      request(
        'b',
        { url: 'https://example.com', headers: { a: '{{ secrets.SET }}', b: '{{ secrets.MISSING }}' } },
        { onError: 'hold' },
      ),
    ]
    const edges = [edge('start', 'a'), edge('a', 'b')]
    expect(brief(nodes, edges, { secretNames })).toEqual([
      'expression_reference /nodes/1/config/output',
      'secret_missing /nodes/2/config/headers/b',
      'unused_secret',
    ])
    expect(brief(nodes, edges)).toEqual(['expression_reference /nodes/1/config/output'])
  })

  it('tells workflows that are not there, and those that come back to this one', () => {
    const [missing, harmless, looping] = [idOf('missing'), idOf('harmless'), idOf('looping')]
    const call = (key: string, target: string) => node(key, { type: 'subworkflow', config: { workflowId: target } })
    const nodes = [start, call('a', missing), call('b', harmless), call('c', looping), call('d', workflowId)]
    const edges = ['a', 'b', 'c', 'd'].map((key) => edge('start', key))
    const subworkflows: ValidationContext['subworkflows'] = ({ workflowId: id }) =>
      id === missing ? undefined : { starts: new Set(id === looping ? [idOf('x'), workflowId] : [missing]) }
    const codes = brief(nodes, edges, { subworkflows, workflowId })
    expect(codes).toEqual([
      'subworkflow_missing /nodes/1/config/workflowId',
      'subworkflow_recursion /nodes/3/config/workflowId',
      'subworkflow_recursion /nodes/4/config/workflowId',
    ])
  })

  it('warns of nodes that nothing leads to', () => {
    const found = findings([start, node('a'), node('b')], [edge('a', 'b')])
    expect(found.map(({ severity, code, nodeId }) => [severity, code, nodeId])).toEqual([
      ['warning', 'unreachable_node', idOf('a')],
      ['warning', 'unreachable_node', idOf('b')],
    ])
  })

  it('warns of a switch without a default, and of side effects whose failure nobody thought of', () => {
    const choice = node('s', { type: 'switch', config: { cases: [{ id: 'x', when: 'true' }] } })
    const edges = [edge('start', 's'), edge('s.x', 'r')]
    expect(brief([start, choice, request('r')], edges)).toEqual([
      'switch_without_default /nodes/1',
      'side_effect_without_error_path /nodes/2',
    ])
    expect(brief([start, choice, request('r', undefined, { onError: 'failRun' })], edges)).toEqual([
      'switch_without_default /nodes/1',
    ])
  })

  it('puts errors before warnings', () => {
    const found = findings([start, node('a'), node('b', { type: 'x' })])
    expect(found.map(({ severity }) => severity)).toEqual(['error', 'warning', 'warning'])
  })
})

describe('the size of a definition', () => {
  const nodes = (count: number) => [start, ...Array.from({ length: count - 1 }, (_, index) => transform(`n${index}`))]

  it.each([
    ['nodes', definition(nodes(2_001)), 'too_large /nodes'],
    [
      'edges',
      definition(
        [start],
        Array.from({ length: 10_001 }, () => edge('a', 'b')),
      ),
      'too_large /edges',
    ],
    ['bytes', definition([transform('a', 'x'.repeat(520 * 1024))]), 'too_large'],
  ])('is limited in %s', (_, large, expected) => {
    expect(validateDefinition(large, context).map(({ code, pointer }) => `${code} ${pointer}`.trim())).toEqual([
      expected,
    ])
  })

  it('may be what the bytes allow, with references over the longest path', () => {
    const chain: WorkflowNode[] = [
      start,
      ...Array.from({ length: 799 }, (_, index) => transform(`n${index}`, index === 0 ? 1 : '{{ nodes.n0.output }}')),
    ]
    const edges = webOf(chain, 2)
    expect(validateDefinition(definition(chain, edges), context)).toEqual([])
    const back: Edge = { ...edge('n798', 'n0'), sourceNodeId: chain.at(-1)!.id, targetNodeId: chain[1]!.id }
    expect(validateDefinition(definition(chain, [...edges, back]), context)).toMatchObject([{ code: 'cycle' }])
  })
})

describe('the graph of the most nodes and edges', () => {
  const all = Array.from({ length: 2_000 }, (_, index) => node(`n${index}`))
  const edges = webOf(all, 5)

  it('is put in order, and every ancestor is known', () => {
    const graph = indexGraph(definition(all, edges))
    expect(topologicalOrder(graph)).toEqual(all.map(({ id }) => id))
    const isAncestor = ancestorsOf(graph)
    for (const [from, to] of [
      [0, 1],
      [0, 1_999],
      [31, 32],
      [1_000, 1_999],
    ] as const) {
      expect([isAncestor(all[from]!.id, all[to]!.id), isAncestor(all[to]!.id, all[from]!.id)]).toEqual([true, false])
    }
    expect(isAncestor(all[7]!.id, all[7]!.id)).toBe(false)
  })

  it('is found to be one cycle when its end leads to its beginning', () => {
    const back = { ...edge('x', 'y'), sourceNodeId: all.at(-1)!.id, targetNodeId: all[0]!.id }
    const graph = indexGraph(definition(all, [...edges, back]))
    expect(findCycles(graph)).toHaveLength(1)
    expect(topologicalOrder(graph)).toEqual([])
    expect(ancestorsOf(graph)(all[0]!.id, all[1]!.id)).toBeUndefined()
  })
})

/** Every node leads to the next few. */
function webOf(nodes: readonly WorkflowNode[], width: number): Edge[] {
  return nodes.flatMap((source, index) =>
    nodes.slice(index + 1, index + 1 + width).map((target, step) => ({
      id: idOf(`${index}+${step}`),
      sourceNodeId: source.id,
      sourcePort: 'out',
      targetNodeId: target.id,
    })),
  )
}

describe('validation of any definition', () => {
  const types = fc.constantFrom(...testNodeTypes.keys(), 'no.such')
  const config = fc.oneof(
    fc.constantFrom(
      {},
      { output: '{{ nodes.a.output }}' },
      { expression: 'secrets.X' },
      { url: '{{ secrets.Y + nodes.b.output }}' },
    ),
    fc.dictionary(fc.string(), fc.jsonValue()),
  )
  const anything: fc.Arbitrary<Definition> = definitions.chain((drawn) =>
    fc.array(fc.tuple(types, config), { minLength: 6, maxLength: 6 }).map((parts) => ({
      ...drawn,
      nodes: drawn.nodes.map((each, index) => ({ ...each, type: parts[index]![0], config: parts[index]![1] as never })),
      edges: drawn.edges.map((each, index) => (index === 0 ? { ...each, targetNodeId: idOf('nowhere') } : each)),
    })),
  )

  it('comes to an end and points at what is there', () => {
    fc.assert(
      fc.property(anything, (given) => {
        const found = validateDefinition(given, {
          ...context,
          workflowId,
          secretNames: new Set(['X']),
          subworkflows: () => undefined,
        })
        for (const { code, detail, nodeId, edgeId, pointer = '' } of found) {
          expect(code).toMatch(/^[a-z_]+$/)
          expect(detail).not.toBe('')
          const [, part, index] = pointer.split('/')
          if (nodeId !== undefined) expect([part, given.nodes[Number(index)]?.id]).toEqual(['nodes', nodeId])
          if (edgeId !== undefined) expect([part, given.edges[Number(index)]?.id]).toEqual(['edges', edgeId])
        }
      }),
      { numRuns: 300 },
    )
  })

  it('says cycle exactly where nodes can not be put in order', () => {
    fc.assert(
      fc.property(definitions, ({ nodes, edges }) => {
        const found = validateDefinition(definition(nodes, edges), context).some(({ code }) => code === 'cycle')
        const left = new Set(nodes.map(({ id }) => id))
        const between = edges.filter(({ sourceNodeId, targetNodeId }) => sourceNodeId !== targetNodeId)
        for (let before = -1; before !== left.size; ) {
          before = left.size
          for (const id of left) {
            const isFree = !between.some((each) => each.targetNodeId === id && left.has(each.sourceNodeId))
            if (isFree) left.delete(id)
          }
        }
        expect(found).toBe(left.size > 0)
      }),
      { numRuns: 300 },
    )
  })
})

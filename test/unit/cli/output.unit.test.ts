import { describe, expect, it } from 'vitest'
import { ApiError, describe as describeError } from '../../../src/cli/errors.js'
import { parseEventStream } from '../../../src/cli/eventStream.js'
import { path, withQuery } from '../../../src/cli/paths.js'
import { fields, shortJson, shortTime, table } from '../../../src/cli/terminal/table.js'
import { blameView } from '../../../src/cli/views/blameView.js'
import { diffView, spanView } from '../../../src/cli/views/diffView.js'
import { explanationView } from '../../../src/cli/views/executionView.js'
import { findingsView } from '../../../src/cli/views/findingsView.js'
import { dryRunView, projectionList, rebuildView, verificationView } from '../../../src/cli/views/projectionView.js'

describe('tables', () => {
  it('align words to the left and numbers to the right', () => {
    const text = table(
      ['name', 'count', 'note'],
      [
        ['a', 5, null],
        ['longer', 1_000, 'x'],
      ],
    )
    expect(text).toBe(['name    count  note', 'a           5  –', 'longer   1000  x'].join('\n'))
  })

  it('say so when there is nothing', () => {
    expect(table(['name'], [])).toBe('none')
  })

  it('let nothing through that moves the cursor of a terminal', () => {
    const hostile = 'a\u001b[2J\rb\u009bc'
    expect(table(['name'], [[hostile]])).toBe('name\na [2J b c')
    expect(fields([['name', hostile]])).toBe('name  a [2J b c')
  })

  it('shorten times and long values', () => {
    expect(shortTime('2026-03-01T12:00:00.123Z')).toBe('2026-03-01T12:00:00Z')
    expect(shortTime(null)).toBeNull()
    expect(shortJson({ a: 'x'.repeat(100) }, 10)).toBe('{"a":"xxx…')
  })
})

describe('errors in one line', () => {
  it('name the detail, the code, the status and every pointer', () => {
    const problem = {
      code: 'invalid_body',
      title: 'Invalid body',
      detail: 'The body is not valid.',
      errors: [
        { pointer: '/a', code: 'required', detail: 'It is missing.' },
        { pointer: '', code: 'invalid_type', detail: 'No object.' },
      ],
    }
    expect(new ApiError(422, problem).message).toBe(
      'The body is not valid. (invalid_body, 422) /a: It is missing.; /: No object.',
    )
  })

  it('count what would be too long to list', () => {
    const errors = Array.from({ length: 25 }, (_, index) => ({ pointer: `/${index}`, code: 'x', detail: 'bad' }))
    expect(new ApiError(422, { errors }).message).toMatch(/\/19: bad; and 5 more$/)
  })

  it('make do with an answer that is no problem document', () => {
    expect(new ApiError(502, {}).message).toBe('The server could not do it. (no problem document, 502)')
  })

  it('find the reasons that several addresses gave', () => {
    const refused = Object.assign(new Error(''), { code: 'ECONNREFUSED' })
    expect(describeError(new AggregateError([refused, new Error('no route')]))).toBe('ECONNREFUSED; no route')
  })
})

describe('addresses of the API', () => {
  it('keep what is in a part inside of it', () => {
    expect(path`/v1/workflows/${'../keys?x'}/versions/${3}`).toBe('/v1/workflows/..%2Fkeys%3Fx/versions/3')
  })

  it('carry only what is there of a query', () => {
    expect(withQuery('/v1/x', { a: 'b c', d: undefined, n: 5 })).toBe('/v1/x?a=b+c&n=5')
    expect(withQuery('/v1/x', { d: undefined })).toBe('/v1/x')
  })
})

describe('server-sent events', () => {
  const stream =
    'retry: 1000\n\n: alive\n\nid: 7\nevent: NodeCompleted\ndata: {"a":1}\n\nid:8\ndata: x\ndata: y\n\nid: 9\ndata: cut'
  const events = [
    { id: '7', event: 'NodeCompleted', data: '{"a":1}' },
    { id: '8', event: 'message', data: 'x\ny' },
  ]

  it.each([1, 2, 3, 7, 1_000])(
    'are the same when they come %i characters at a time, without a last one that was cut',
    async (size) => {
      async function* chunks() {
        for (let from = 0; from < stream.length; from += size) yield stream.slice(from, from + size)
      }
      const found = []
      for await (const event of parseEventStream(chunks())) found.push(event)
      expect(found).toEqual(events)
    },
  )
})

describe('what operators read', () => {
  const verification = {
    equal: false,
    position: '12',
    method: 'generations',
    rows: { workflows: { before: 2, after: 3 } },
    differences: [{ table: 'workflows', key: { id: 'w1' }, kind: 'different', columns: ['name'] }],
    sampledStreams: 0,
  } as const

  it('names the row and the columns that differ', () => {
    expect(verificationView('workflows', verification)).toBe(
      'workflows: NOT equal to the rows it replaces at position 12 (rows: workflows 3)\n  workflows {"id":"w1"}: different in name',
    )
  })

  it.each([
    ['generations', 'missing', 'only among the rows it replaces'],
    ['generations', 'unexpected', 'only among the new rows'],
    ['refold', 'missing', 'only in the log'],
    ['refold', 'unexpected', 'not in the log'],
  ] as const)('say of a comparison by %s where a row that is %s is', (method, kind, words) => {
    const differences = [{ table: 'workflows', key: { id: 'w1' }, kind }]
    const shown = verificationView('workflows', { ...verification, method, sampledStreams: 1, differences })
    expect(shown).toContain(`\n  workflows {"id":"w1"}: ${words}`)
  })

  it('name the whole key of a row, however long', () => {
    const key = { workflow_id: '01a222cb-6060-71d8-92d4-0a950c3f3974', id: '01a222cb-60de-72f4-8c1f-2f0a5d3b7e11' }
    const shown = verificationView('versions', {
      ...verification,
      differences: [{ table: 'versions', key, kind: 'missing' }],
    })
    expect(shown).toContain(`versions ${JSON.stringify(key)}: only among`)
  })

  it('do not call rows equal where there are none', () => {
    const nothing = { ...verification, equal: true, method: 'refold', rows: {}, differences: [] } as const
    expect(verificationView('secrets', nothing)).toBe('secrets: no rows to compare at position 12')
  })

  it('say size and time of a dry run as a person does', () => {
    const estimate = { projection: 'activity', rows: 36_030, bytes: 25_223_168 }
    expect(dryRunView([{ ...estimate, estimatedEvents: 36_036, estimatedSeconds: 131.2 }])).toBe(
      'projection   rows  size   events  takes\nactivity    36030  25 MB   36036  about 3 min',
    )
  })

  it('say that it is the rebuild which is paused, not the read model', () => {
    const item = {
      name: 'executions',
      store: 'postgres',
      state: 'paused',
      position: '5',
      lagEvents: 0,
      eventsPerSecond: 0,
    }
    const shown = projectionList({
      items: [{ ...item, generation: 1, deadLetters: 0, error: null } as never],
      nextCursor: null,
    })
    expect(shown).toContain('rebuild paused')
  })

  it('says how a rebuild ended and why', () => {
    const text = rebuildView({
      id: 'r',
      projection: 'workflows',
      state: 'failed',
      generation: 2,
      fromGeneration: 1,
      processed: 10,
      eventsPerSecond: 99.6,
      bytes: 1,
      progress: 1,
      etaSeconds: null,
      position: '12',
      targetPosition: '12',
      startedAt: '2026-03-01T12:00:00.000Z',
      finishedAt: '2026-03-01T12:03:20.000Z',
      keepUntil: null,
      swapMs: null,
      verification,
      error: 'the rows differ',
      startedBy: { kind: 'apiKey', id: 'k', name: 'k' },
    })
    expect(text).toContain('workflows: failed, 10 events in 4 min, generation 2: the rows differ')
    expect(text).toContain('NOT equal')
  })

  it('says by the keys of nodes where something is wrong', () => {
    const graph = {
      nodes: [
        { id: 'n1', key: 'start' },
        { id: 'n2', key: 'greet' },
      ],
      edges: [{ id: 'e1', sourceNodeId: 'n1', sourcePort: 'out', targetNodeId: 'n2' }],
    }
    const finding = { severity: 'error', code: 'c', detail: 'd' } as const
    const shown = findingsView(
      [
        { ...finding, nodeId: 'n2', pointer: '/nodes/1/config/url' },
        { ...finding, nodeId: 'n1' },
        { ...finding, nodeId: 'gone', pointer: '/nodes/7' },
        { ...finding, edgeId: 'e1', pointer: '/edges/0/sourcePort' },
        { ...finding, pointer: '/settings/timeoutMs' },
        finding,
      ],
      graph,
    )
    expect(shown.split('\n').map((line) => line.split(/ {2,}/)[2])).toEqual([
      'where',
      'node greet /config/url',
      'node start',
      'node gone',
      'edge start.out -> greet /sourcePort',
      '/settings/timeoutMs',
      '–',
    ])
    expect(findingsView([], graph)).toBe('nothing is wrong')
  })

  it('shows the choices that a skipped step hung on, each once', () => {
    const decisions = [{ expression: 'input.n > 10', result: false, operands: { 'input.n': 3 } }]
    const edge = { edgeId: 'e', fromNodeId: 'b', fromKey: 'big', status: 'dead', reason: 'portNotEmitted' } as const
    const shown = explanationView({
      nodeId: 'n',
      key: 'yes',
      type: 'noop',
      status: 'skipped',
      summary: 'big emitted false, not true',
      join: 'all',
      edges: [
        { ...edge, port: 'true', decisions },
        { ...edge, port: 'error', decisions },
        { ...edge, fromNodeId: 'o', fromKey: 'other', port: 'out', status: 'taken', decisions },
      ],
      inputFrom: [],
      ports: [],
      decisions: [],
      attempts: [],
      error: null,
      handling: null,
      waitsFor: null,
      resolutions: [],
    })
    expect(shown.split('\n\n').at(-1)?.split('\n')).toEqual([
      'decided by  expression    result  on',
      'big         input.n > 10  false   {"input.n":3}',
    ])
  })

  it('says of each attempt why it failed, or is in doubt', () => {
    const at = '2026-03-01T12:00:00.000Z'
    const attempt = { executor: 'e1', startedAt: at, finishedAt: at }
    const error = { class: 'test', code: 'broken', message: 'no' }
    const shown = explanationView({
      nodeId: 'n',
      key: 'pay',
      type: 'http.request',
      status: 'inDoubt',
      summary: 'nobody knows',
      join: 'all',
      edges: [],
      inputFrom: [],
      ports: [],
      decisions: [],
      attempts: [
        { ...attempt, attempt: 1, outcome: 'failed', error },
        { ...attempt, attempt: 2, outcome: 'inDoubt', inDoubtAs: 'its executor is gone' },
      ],
      error,
      handling: null,
      waitsFor: null,
      resolutions: [],
    })
    const rows = shown.split('\n\n').at(-1)?.split('\n')
    expect(rows?.[0]).toMatch(/outcome +because$/)
    expect(rows?.slice(1).map((row) => row.replace(/^.*(failed|inDoubt) +/, ''))).toEqual([
      'broken: no',
      'its executor is gone',
    ])
  })

  it('says by the keys of nodes who set what, and what it was', () => {
    const by = {
      eventId: 'e',
      at: '2026-03-01T12:00:00.000Z',
      actor: { kind: 'apiKey', id: 'k', name: 'ada' },
    } as const
    const added = { ...by, revision: 1, eventType: 'NodeAdded' }
    const connected = { ...by, revision: 2, eventType: 'EdgeAdded' }
    const shown = blameView({
      revision: 3,
      items: [
        { ...added, pointer: '/name', value: 'Hello' },
        { ...added, pointer: '/nodes/n1/key', value: 'greet' },
        { ...added, pointer: '/nodes/n1/config/a~1b', value: 2, before: 1, revision: 3, eventType: 'NodeConfigured' },
        { ...connected, pointer: '/edges/e1/sourceNodeId', value: 'gone' },
        { ...connected, pointer: '/edges/e1/sourcePort', value: 'true' },
        { ...connected, pointer: '/edges/e1/targetNodeId', value: 'n1' },
      ],
    })
    expect(shown.split('\n').map((line) => line.replaceAll(/ {2,}/g, ' | '))).toEqual([
      'what | is | was | by | time | revision | event',
      '/name | "Hello" | – | ada | 2026-03-01T12:00:00Z | 1 | NodeAdded',
      'node greet /key | "greet" | – | ada | 2026-03-01T12:00:00Z | 1 | NodeAdded',
      'node greet /config/a~1b | 2 | 1 | ada | 2026-03-01T12:00:00Z | 3 | NodeConfigured',
      'edge gone.true -> greet /sourceNodeId | "gone" | – | ada | 2026-03-01T12:00:00Z | 2 | EdgeAdded',
      'edge gone.true -> greet /sourcePort | "true" | – | ada | 2026-03-01T12:00:00Z | 2 | EdgeAdded',
      'edge gone.true -> greet /targetNodeId | "n1" | – | ada | 2026-03-01T12:00:00Z | 2 | EdgeAdded',
    ])
  })

  it('say between which revisions, and that there was nothing before the first', () => {
    expect(spanView({ from: 3, to: 5 })).toBe('from revision 3 to 5')
    expect(spanView({ from: -1, to: 5 })).toBe('from nothing to revision 5')
  })

  it('shows each difference of two definitions in a line', () => {
    const node = { id: 'n', key: 'a', type: 'noop', config: {}, position: { x: 0, y: 0 }, policy: {} }
    const edge = {
      id: 'e',
      sourceNodeId: 'n',
      sourcePort: 'out',
      targetNodeId: 'm',
      sourceKey: 'start',
      targetKey: 'end',
    }
    const definitions = {
      nodes: {
        added: [node],
        removed: [{ ...node, key: 'b' }],
        changed: [{ nodeId: 'n', key: 'c', changes: [{ op: 'replace', pointer: '/config/url', before: 1, after: 2 }] }],
        moved: [{ nodeId: 'n', key: 'd', from: { x: 0, y: 0 }, to: { x: 5, y: 1 } }],
      },
      edges: { added: [edge], removed: [], changed: [] },
      settings: [{ op: 'remove', pointer: '/timeoutMs', before: 5 }],
    } as const
    const texts = { name: { before: 'Old', after: 'New' }, description: { before: null, after: 'first' } }
    expect(diffView(definitions, texts).split('\n')).toEqual([
      '~ name: "Old" -> "New"',
      '~ description: set to "first"',
      '+ node a (noop)',
      '- node b (noop)',
      '~ node c /config/url: 1 -> 2',
      '> node d: 0, 0 -> 5, 1',
      '+ edge start.out -> end',
      '~ settings /timeoutMs: was 5, is gone',
    ])
    const same = { name: null, description: null }
    const none = { added: [], removed: [], changed: [] }
    expect(diffView({ nodes: { ...none, moved: [] }, edges: none, settings: [] }, same)).toBe('no difference')
  })
})

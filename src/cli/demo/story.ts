import { isDeepStrictEqual } from 'node:util'
import { githubTriage } from '../../examples/githubTriage.js'
import { isOver, type Rebuild } from '../../projections/operations/projectionOperations.js'
import type { Client } from '../client.js'
import { createProgressBar } from '../terminal/progressBar.js'
import { faint, good, heading } from '../terminal/style.js'
import { expectedTriage } from './expectedTriage.js'
import { type Delivery, loadDeliveries } from './payloads.js'

const say = (text: string) => console.log(text)
const check = (ok: boolean, what: string): void => {
  if (!ok) throw new Error(what)
  say(good(`  ✓ ${what}`))
}

interface Workflow {
  id: string
  name: string
  status: string
  nodes: { id: string; key: string; config: Record<string, unknown> }[]
  edges: unknown[]
  revision: number
}
interface Execution {
  id: string
  status: string
  output: unknown
}
interface Explanation {
  key: string
  status: string
  summary: string
}
interface Blame {
  pointer: string
  value: unknown
  before?: unknown
  actor: { name: string }
  at: string
}
interface Event {
  revision: number
  type: string
  actor: { name: string }
  data: Record<string, unknown>
}

/** The whole story through the API, each step checked. Throws at the first thing that is not as it should be. */
export const tellStory = async (api: Client): Promise<void> => {
  const workflow = await build(api)
  await saveAndPublish(api, workflow.id)
  const deliveries = loadDeliveries()
  const runs = await runAll(api, workflow.id, deliveries)
  await showRun(api, runs[0]?.id ?? '')
  await replay(api, workflow)
  await rebuild(api)
  await verify(api)
}

const build = async (api: Client): Promise<Workflow> => {
  say(heading('1. Draw a workflow'))
  const created = await api.send<Workflow>('POST', '/v1/workflows', { name: githubTriage.name })
  const edits = [
    ...githubTriage.nodes.map((node) => ({ op: 'addNode', ...node })),
    ...githubTriage.edges.map((edge) => ({ op: 'addEdge', ...edge })),
  ]
  const edited = await api.send<Workflow>('POST', `/v1/workflows/${created.body.id}/edits`, { edits })
  const { nodes, edges, revision } = edited.body
  say(`  ${edits.length} edits in one append: ${nodes.length} nodes, ${edges.length} edges, revision ${revision}`)
  check(
    nodes.length === githubTriage.nodes.length && edges.length === githubTriage.edges.length,
    'the draft holds them all',
  )
  return edited.body
}

const saveAndPublish = async (api: Client, id: string): Promise<void> => {
  say(heading('2. Save a version and publish it'))
  const saved = await api.send<{ number: number; contentHash: string }>('POST', `/v1/workflows/${id}/versions`, {
    label: 'first',
  })
  say(`  version ${saved.body.number}, content ${faint(saved.body.contentHash.slice(0, 16))}…`)
  const published = await api.send<Workflow>('POST', `/v1/workflows/${id}/versions/${saved.body.number}/publish`)
  check(published.body.status === 'published', `version ${saved.body.number} is published`)
}

const runAll = async (api: Client, id: string, deliveries: readonly Delivery[]): Promise<Execution[]> => {
  say(heading(`3. Run it over ${deliveries.length} real GitHub webhooks`))
  const runs: Execution[] = new Array(deliveries.length)
  const queue = deliveries.entries()
  const started = performance.now()
  const work = async () => {
    for (const [index, { event, payload }] of queue) {
      const path = `/v1/workflows/${id}/executions`
      const { body } = await api.send<Execution>('POST', path, { input: { event, payload } }, { Prefer: 'wait=20' })
      if (body.status !== 'completed') throw new Error(`run ${body.id} of ${event} is ${body.status}`)
      if (!isDeepStrictEqual(body.output, expectedTriage(event, payload))) {
        throw new Error(`run ${body.id} of ${event} came to ${JSON.stringify(body.output)}`)
      }
      runs[index] = body
    }
  }
  await Promise.all(Array.from({ length: 16 }, work))
  const seconds = (performance.now() - started) / 1000
  const teams = countTeams(runs)
  say(`  ${seconds.toFixed(2)} s; ${[...teams].map(([team, count]) => `${team} ${count}`).join(', ')}`)
  check(runs.length === deliveries.length, 'every result equals that of a plain function')
  return runs
}

const countTeams = (runs: readonly Execution[]): Map<string, number> => {
  const counts = new Map<string, number>()
  for (const { output } of runs) {
    const { team } = output as { team: string }
    counts.set(team, (counts.get(team) ?? 0) + 1)
  }
  return counts
}

const showRun = async (api: Client, id: string): Promise<void> => {
  say(heading('4. What happened in the first run'))
  const { body } = await api.get<{ items: Event[] }>(`/v1/executions/${id}/events`)
  for (const { revision, type, data } of body.items) {
    const detail = type === 'NodeCompleted' ? `${data.key} -> ${(data.ports as string[]).join(', ')}` : (data.key ?? '')
    say(`  ${String(revision).padStart(2)}  ${type.padEnd(20)} ${faint(String(detail))}`)
  }
  check(body.items.at(-1)?.type === 'ExecutionCompleted', 'every step of it is an event')
  const skipped = body.items.find(({ type }) => type === 'NodeSkipped')
  const target = `/v1/executions/${id}/steps/${skipped?.data.nodeId}/explanation`
  const { key, status, summary } = (await api.get<Explanation>(target)).body
  say(`  Why did ${key} not run? ${faint(summary)}`)
  check(status === 'skipped' && summary.includes('kind emitted'), 'the log knows which choice it was, and on what data')
}

const replay = async (api: Client, workflow: Workflow): Promise<void> => {
  say(heading('5. Change it, then look back'))
  const path = `/v1/workflows/${workflow.id}`
  const node = workflow.nodes.find(({ key }) => key === 'thank')
  if (node === undefined) throw new Error('the node `thank` is missing')
  await api.send('PATCH', `${path}/nodes/${node.id}`, {
    config: { output: { team: 'community', message: 'Thanks a lot, {{ input.who }}!' } },
  })
  const then = await api.get<Workflow>(`${path}?asOf=${workflow.revision}`)
  check(
    isDeepStrictEqual(then.body.nodes, workflow.nodes),
    `replayed to revision ${workflow.revision}, the draft is what it was then`,
  )
  const blame = await api.get<{ items: Blame[] }>(`${path}/blame`)
  const message = blame.body.items.find(({ pointer }) => pointer === `/nodes/${node.id}/config/output/message`)
  say(`  Who changed the message? ${faint(`${message?.actor.name}, at ${message?.at}: it was "${message?.before}"`)}`)
  check(message?.before === 'Thank you, {{ input.who }}.', 'each field knows who set it, and what it was before')
  const saved = await api.send<{ number: number }>('POST', `${path}/versions`, { label: 'warmer thanks' })
  const diff = await api.get<{ nodes: { changed: unknown[] } }>(`${path}/versions/1/diff/${saved.body.number}`)
  check(diff.body.nodes.changed.length === 1, `versions 1 and ${saved.body.number} differ in one node`)
}

const rebuild = async (api: Client): Promise<void> => {
  say(heading('6. Rebuild the read model of all runs from the log'))
  const { headers } = await api.send('POST', '/v1/projections/executions/rebuild')
  const location = headers.get('Location') ?? ''
  const bar = createProgressBar('  executions')
  let state: Rebuild
  do {
    await new Promise((resolve) => setTimeout(resolve, 50))
    state = (await api.get<Rebuild>(location)).body
    bar.update({ done: state.progress, note: state.state })
  } while (!isOver(state))
  bar.stop()
  say(`  ${state.processed} events, ${state.state}`)
  check(state.verification?.equal === true, 'the rebuilt read model equals the old one, row by row')
}

const verify = async (api: Client): Promise<void> => {
  say(heading('7. Verify the hash chain'))
  const { body } = await api.get<{ valid: boolean; events: number; streams: number }>('/v1/audit/verification')
  check(body.valid, `${body.events} events in ${body.streams} streams, none was changed`)
}

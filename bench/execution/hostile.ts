/**
 * What others feel of hostile nodes: `node --import tsx bench/execution/hostile.ts [--quick]`, after `npm run build`. Latencies of a
 * read and of a run, in rounds without and with hostile nodes that run all the time, and with other processes that keep
 * as many cores busy, for comparison. Ends with 1 where a hostile node came to anything but its own failure.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { cpus } from 'node:os'
import { hardware } from '../support/hardware.js'
import { newDirectory, type Program, removeDirectory, startProgram } from '../support/program.js'
import { type HostileForm, hostileForms } from './hostileForms.js'

interface Run {
  readonly id: string
  readonly status: string
  readonly error: { readonly code: string } | null
}

const rounds = process.argv.includes('--quick') ? 1 : 4
const samples = process.argv.includes('--quick') ? 150 : 400
/** Hostile runs at once: more than there are threads for them, so that these are never idle. */
const attackers = 6

const call = async <T>(program: Program, method: string, path: string, body?: unknown, prefer = ''): Promise<T> => {
  const response = await fetch(`${program.url}${path}`, {
    method,
    headers: { 'x-api-key': program.key, 'content-type': 'application/json', prefer },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${await response.text()}`)
  return (await response.json()) as T
}

const publish = async (program: Program, name: string, nodes: readonly object[]): Promise<string> => {
  const keys = nodes.map((_, index) => `n${index}`)
  const { id } = await call<{ id: string }>(program, 'POST', '/v1/workflows', {
    name,
    nodes: [{ key: 'start', type: 'trigger.manual' }, ...nodes.map((node, index) => ({ ...node, key: keys[index] }))],
    edges: keys.map((key, index) => ({ sourceNodeId: keys[index - 1] ?? 'start', targetNodeId: key })),
  })
  await call(program, 'POST', `/v1/workflows/${id}/versions`, {})
  await call(program, 'POST', `/v1/workflows/${id}/versions/1/publish`, {})
  return id
}

const startAndWait = (program: Program, workflowId: string, input: unknown): Promise<Run> =>
  call<Run>(program, 'POST', `/v1/workflows/${workflowId}/executions`, { input }, 'wait=60')

const isExpected = ({ codes }: HostileForm, { status, error }: Run): boolean =>
  error === null ? codes.length === 0 && status === 'completed' : codes.includes(error.code)

type PublishedForm = HostileForm & { readonly id: string }

/** Each form once and alone: what it comes to, and after how long. */
const tryEach = async (program: Program, forms: readonly PublishedForm[], wrong: Set<string>): Promise<void> => {
  for (const form of forms) {
    const from = performance.now()
    const run = await startAndWait(program, form.id, form.input)
    const told = `${form.name}: ${run.status} ${run.error?.code ?? ''}`
    process.stdout.write(`${told} after ${((performance.now() - from) / 1000).toFixed(1)} s\n`)
    if (!isExpected(form, run)) wrong.add(told)
  }
}

/** Starts hostile runs without a pause until it is stopped, and notes how each ended. */
const attack = (program: Program, forms: readonly PublishedForm[], wrong: Set<string>) => {
  let stopped = false
  let runs = 0
  const work = async (from: number): Promise<void> => {
    for (let index = from; !stopped; index += 1) {
      const form = forms[index % forms.length]
      if (form === undefined) return
      const run = await startAndWait(program, form.id, form.input)
      if (!isExpected(form, run)) wrong.add(`${form.name}: ${run.status} ${run.error?.code ?? ''}`)
      runs += 1
    }
  }
  const working = Array.from({ length: attackers }, (_, n) => work(n * 3))
  return async (): Promise<number> => {
    stopped = true
    await Promise.all(working)
    return runs
  }
}

/** Processes that do nothing but keep a core busy, with the priority of any other. */
const burn = (count: number): (() => void) => {
  const burning: ChildProcess[] = Array.from({ length: count }, () => spawn(process.execPath, ['-e', 'for (;;) {}']))
  return () => {
    for (const child of burning) child.kill('SIGKILL')
  }
}

interface Latencies {
  readonly read: number[]
  readonly run: number[]
}

const sample = async (program: Program, workflowId: string, { read, run }: Latencies): Promise<void> => {
  for (let n = 0; n < samples; n += 1) {
    const before = performance.now()
    await call(program, 'GET', `/v1/workflows/${workflowId}`)
    const between = performance.now()
    const { status } = await startAndWait(program, workflowId, { n })
    if (status !== 'completed') throw new Error(`a run is ${status}`)
    read.push(between - before)
    run.push(performance.now() - between)
  }
}

const at = (values: number[], part: number): string => {
  const sorted = values.toSorted((a, b) => a - b)
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0).toFixed(1).padStart(7)
}
const show = (name: string, { read, run }: Latencies): void => {
  const told = (values: number[]) => `p50${at(values, 0.5)}  p99${at(values, 0.99)} ms`
  process.stdout.write(`${name.padEnd(30)} GET a workflow ${told(read)}   a pure run ${told(run)}\n`)
}

process.stdout.write(`${hardware()}\n`)
const directory = newDirectory()
const program = await startProgram(directory)
try {
  const chain = Array.from({ length: 5 }, () => ({ type: 'transform', config: { output: { n: '{{ input.n + 1 }}' } } }))
  const workflowId = await publish(program, 'others', chain)
  const forms: PublishedForm[] = []
  for (const form of hostileForms) {
    forms.push({ ...form, id: await publish(program, form.name, [{ type: form.type, config: form.config }]) })
  }
  const none = (): Latencies => ({ read: [], run: [] })
  const [alone, attacked, contended] = [none(), none(), none()]
  const wrong = new Set<string>()
  let hostileRuns = 0
  await tryEach(program, forms, wrong)
  await sample(program, workflowId, none())
  for (let round = 0; round < rounds; round += 1) {
    await sample(program, workflowId, alone)
    const stop = attack(program, forms, wrong)
    await sample(program, workflowId, attacked)
    hostileRuns += await stop()
    const endBurning = burn(cpus().length)
    await sample(program, workflowId, contended).finally(endBurning)
  }
  show('without hostile nodes', alone)
  show(`with hostile nodes (${hostileRuns} runs)`, attacked)
  show(`with ${cpus().length} busy processes`, contended)
  for (const line of wrong) process.stdout.write(`unexpected: ${line}\n`)
  process.exitCode = wrong.size === 0 ? 0 : 1
} finally {
  await program.stop()
  removeDirectory(directory)
}

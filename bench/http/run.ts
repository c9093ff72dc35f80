// Start-up, memory, commands and runs over HTTP, on embedded stores: node --import tsx bench/http/run.ts (after npm run build)
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { hardware } from '../support/hardware.js'
import { type LoadResult, load } from '../support/load.js'
import { newDirectory, type Program, removeDirectory, startProgram } from '../support/program.js'

const quick = process.argv.includes('--quick')
const scale = quick ? 0.1 : 1

const residentMb = (pid: number): number => {
  const kb = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kb) / 1024
}

const call = async <T>(program: Program, method: string, path: string, body?: unknown): Promise<T> => {
  const response = await fetch(`${program.url}${path}`, {
    method,
    headers: { 'X-API-Key': program.key, 'Content-Type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
  return (await response.json()) as T
}

const show = (what: string, { requests, perSecond, p50Ms, p99Ms }: LoadResult) =>
  console.log(
    `${what.padEnd(46)} ${perSecond.toFixed(0).padStart(6)}/s  p50 ${p50Ms.toFixed(1)} ms  p99 ${p99Ms.toFixed(1)} ms  (${requests})`,
  )

const jsonHeaders = (program: Program) => ({ 'x-api-key': program.key, 'content-type': 'application/json' })

const addNodes = async (program: Program) => {
  // 32 clients, each on a workflow of its own, as people work; the limit of nodes is far away.
  const workflows: string[] = []
  for (let n = 0; n < 32; n += 1) {
    workflows.push((await call<{ id: string }>(program, 'POST', '/v1/workflows', { name: `bench ${n}` })).id)
  }
  const run = (count: number, offset: number) =>
    load(program.url, {
      clients: 32,
      count,
      status: 201,
      request: (index) => ({
        method: 'POST',
        path: `/v1/workflows/${workflows[index % 32]}/nodes`,
        headers: jsonHeaders(program),
        body: JSON.stringify({ key: `n${offset + index}`, type: 'noop', position: { x: index, y: 0 } }),
      }),
    })
  await run(640, 100_000)
  show('commands: add a node, 32 clients', await run(Math.round(20_000 * scale), 0))
}

const chainOf = async (program: Program, length: number): Promise<string> => {
  const keys = Array.from({ length }, (_, n) => `step${n}`)
  const nodes = [
    { key: 'start', type: 'trigger.manual', config: {} },
    ...keys.map((key) => ({ key, type: 'transform', config: { output: { n: '{{ input.n + 1 }}' } } })),
  ]
  const edges = keys.map((key, n) => ({ sourceNodeId: n === 0 ? 'start' : `step${n - 1}`, targetNodeId: key }))
  const { id } = await call<{ id: string }>(program, 'POST', '/v1/workflows', { name: 'chain', nodes, edges })
  await call(program, 'POST', `/v1/workflows/${id}/versions`, {})
  await call(program, 'POST', `/v1/workflows/${id}/versions/1/publish`)
  return id
}

const runChains = async (program: Program) => {
  const id = await chainOf(program, 5)
  const run = (clients: number, count: number) =>
    load(program.url, {
      clients,
      count,
      status: 200,
      request: (index) => ({
        method: 'POST',
        path: `/v1/workflows/${id}/executions`,
        headers: { ...jsonHeaders(program), prefer: 'wait=20' },
        body: JSON.stringify({ input: { n: index } }),
      }),
    })
  await run(64, Math.round(4_000 * scale))
  show('runs: chain of 5 transforms, 64 at once', await run(64, Math.round(30_000 * scale)))
  show('runs: chain of 5 transforms, one at a time', await run(1, Math.round(1_000 * scale)))
}

const directory = newDirectory()
try {
  console.log(hardware())
  const cold = await startProgram(directory)
  console.log(`cold start to ready ${(cold.readyAfterMs / 1000).toFixed(2)} s`)
  await cold.stop()
  const program = await startProgram(directory)
  try {
    console.log(`warm start to ready ${(program.readyAfterMs / 1000).toFixed(2)} s`)
    await sleep(5_000)
    console.log(`resident memory at rest ${residentMb(program.pid).toFixed(0)} MB`)
    await addNodes(program)
    await runChains(program)
    console.log(`resident memory after the load ${residentMb(program.pid).toFixed(0)} MB`)
  } finally {
    await program.stop()
  }
} finally {
  removeDirectory(directory)
}

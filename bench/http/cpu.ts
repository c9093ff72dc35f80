// Where the CPU of a run goes, by thread and process: node --import tsx bench/http/cpu.ts [runs] [--dist <folder>] (after npm run build)
import { readdirSync, readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { hardware } from '../support/hardware.js'
import { load } from '../support/load.js'
import { newDirectory, type Program, removeDirectory, startProgram } from '../support/program.js'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { dist: { type: 'string', default: new URL('../../dist', import.meta.url).pathname } },
})
const runs = Number(positionals[0] ?? 20_000)
const ticksPerMs = 0.1

const statOf = (path: string) => {
  const [, name = '', rest = ''] = /\((.*)\) (.*)/.exec(readFileSync(path, 'utf8')) ?? []
  const fields = rest.split(' ')
  return { name, parent: Number(fields[1]), cpuMs: (Number(fields[11]) + Number(fields[12])) / ticksPerMs }
}

/** CPU milliseconds so far of every thread of a process. */
const threadsOf = (pid: number): Map<string, number> =>
  new Map(
    readdirSync(`/proc/${pid}/task`).map((tid) => {
      const { name, cpuMs } = statOf(`/proc/${pid}/task/${tid}/stat`)
      return [Number(tid) === pid ? 'main thread' : `${name} ${tid}`, cpuMs]
    }),
  )

/** CPU milliseconds so far of the PostgreSQL that keeps its data below `directory`. Its short-lived workers may end meanwhile. */
const postgresCpu = (directory: string): number => {
  const lock = readdirSync(directory, { recursive: true, encoding: 'utf8' }).find((f) => f.endsWith('postmaster.pid'))
  const postmaster = Number(readFileSync(`${directory}/${lock}`, 'utf8').split('\n')[0])
  const processes = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [{ pid: Number(pid), ...statOf(`/proc/${pid}/stat`) }]
      } catch {
        return []
      }
    })
  return processes
    .filter(({ pid, parent }) => pid === postmaster || parent === postmaster)
    .reduce((sum, { cpuMs }) => sum + cpuMs, 0)
}

const publishChain = async (program: Program): Promise<string> => {
  const call = async (path: string, body: unknown) => {
    const response = await fetch(`${program.url}${path}`, {
      method: 'POST',
      headers: { 'X-API-Key': program.key, 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    })
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
    return (await response.json()) as { id: string }
  }
  const steps = Array.from({ length: 5 }, (_, n) => `step${n}`)
  const { id } = await call('/v1/workflows', {
    name: 'chain',
    nodes: [
      { key: 'start', type: 'trigger.manual' },
      ...steps.map((key) => ({ key, type: 'transform', config: { output: { n: '{{ input.n + 1 }}' } } })),
    ],
    edges: steps.map((key, n) => ({ sourceNodeId: steps[n - 1] ?? 'start', targetNodeId: key })),
  })
  await call(`/v1/workflows/${id}/versions`, {})
  await call(`/v1/workflows/${id}/versions/1/publish`, {})
  return id
}

const directory = newDirectory()
try {
  console.log(hardware())
  const program = await startProgram(directory, {}, values.dist)
  try {
    const id = await publishChain(program)
    const run = (count: number) =>
      load(program.url, {
        clients: 64,
        count,
        status: 200,
        request: (index) => ({
          method: 'POST',
          path: `/v1/workflows/${id}/executions`,
          headers: { 'x-api-key': program.key, 'content-type': 'application/json', prefer: 'wait=20' },
          body: JSON.stringify({ input: { n: index } }),
        }),
      })
    await run(Math.round(runs / 4))
    const snapshot = () => ({
      threads: threadsOf(program.pid),
      postgres: postgresCpu(directory),
      load: process.cpuUsage(),
    })
    const before = snapshot()
    const { perSecond, p50Ms, p99Ms } = await run(runs)
    const after = snapshot()
    const used = new Map<string, number>()
    for (const [thread, ms] of after.threads) {
      const spent = ms - (before.threads.get(thread) ?? 0)
      if (spent / runs >= 0.002) used.set(thread, spent)
    }
    used.set('postgres', after.postgres - before.postgres)
    const all = [...used.values()].reduce((a, b) => a + b, 0)
    for (const [name, ms] of [...used].sort(([, a], [, b]) => b - a))
      console.log(`${name.padEnd(24)} ${(ms / runs).toFixed(3)} ms`)
    const own = (after.load.user + after.load.system - before.load.user - before.load.system) / 1000
    console.log(`${'load generator'.padEnd(24)} ${(own / runs).toFixed(3)} ms`)
    console.log(
      `${'all but the generator'.padEnd(24)} ${(all / runs).toFixed(3)} ms a run; ${perSecond.toFixed(0)} runs/s, p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms`,
    )
  } finally {
    await program.stop()
  }
} finally {
  removeDirectory(directory)
}

import { spawn, spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { StoredEvent } from '../../src/domain/events/recordedEvent.js'
import type { OutboundCall } from './corpusEngine.js'
import type { CrashProcess } from './process.js'

const here = fileURLToPath(new URL('.', import.meta.url))
const compiled = join(here, '../../node_modules/.cache/flowledger-crash')

/** Compiles the process once, so that each of the many starts of it costs little. */
export const compileCrashProcess = async (): Promise<void> => {
  const tsc = join(here, '../../node_modules/typescript/bin/tsc')
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', join(here, 'tsconfig.json')], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`the crash process does not compile: ${stdout}`)
  await writeFile(join(compiled, 'package.json'), '{"type":"module"}')
}

/** How a process ended: killed by itself, or with all its runs ended. */
export interface CrashReport {
  readonly killed: boolean
  readonly appends: number
  readonly unexpected: readonly string[]
  readonly events: readonly StoredEvent[]
}

export interface CrashSite {
  /** Starts a process on the log of this site and waits for its end. */
  run(runs: readonly string[], killAfter: number): Promise<CrashReport>
  calls(): Promise<OutboundCall[]>
  close(): Promise<void>
}

const readLines = async (path: string): Promise<OutboundCall[]> => {
  const text = await readFile(path, 'utf8').catch(() => '')
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as OutboundCall)
}

/** A directory with a log, and a server for the runs' requests. */
export const createCrashSite = async (): Promise<CrashSite> => {
  const root = await mkdtemp(join(tmpdir(), 'flowledger-crash-'))
  const server = createServer((_, response) =>
    response.setHeader('content-type', 'application/json').end('{"ok":true}'),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const outbound = join(root, 'outbound.jsonl')
  const result = join(root, 'result.json')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  return {
    run: async (runs, killAfter) => {
      await rm(result, { force: true })
      const job: CrashProcess = { directory: join(root, 'log'), outbound, result, url, runs, killAfter }
      const child = spawn(process.execPath, [join(compiled, 'test/crash/process.js'), JSON.stringify(job)], {
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      let errors = ''
      child.stderr.on('data', (chunk: Buffer) => {
        errors += chunk.toString()
      })
      const timeout = setTimeout(() => child.kill('SIGABRT'), 60_000)
      const [code, signal] = await new Promise<[number | null, string | null]>((resolve) =>
        child.once('close', (...ended) => resolve(ended)),
      )
      clearTimeout(timeout)
      if (signal === 'SIGKILL') return { killed: true, appends: killAfter, unexpected: [], events: [] }
      if (code !== 0) throw new Error(`the process ended with ${signal ?? code}: ${errors}`)
      return { killed: false, ...(JSON.parse(await readFile(result, 'utf8')) as Omit<CrashReport, 'killed'>) }
    },
    calls: () => readLines(outbound),
    close: async () => {
      await new Promise((resolve) => server.close(resolve))
      await rm(root, { recursive: true, force: true })
    },
  }
}

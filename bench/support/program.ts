import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export interface Program {
  url: string
  key: string
  pid: number
  /** From the start of the process to its answer on /readyz, in milliseconds. */
  readyAfterMs: number
  stop(): Promise<void>
}

export const newDirectory = (): string => mkdtempSync(join(tmpdir(), 'flowledger-bench-'))
export const removeDirectory = (directory: string): void => rmSync(directory, { recursive: true, force: true })

/** To compare: `BENCH_NODE_OPTIONS=--max-semi-space-size=64`. */
const nodeOptions = process.env.BENCH_NODE_OPTIONS?.split(' ').filter(Boolean) ?? []
const builtHere = join(import.meta.dirname, '../../dist')

/** Starts the built program (`dist`: of another checkout, to compare) on embedded stores in `directory` and waits until it is ready. */
export const startProgram = async (
  directory: string,
  environment: NodeJS.ProcessEnv = {},
  dist: string = builtHere,
): Promise<Program> => {
  const key = `fl_bench_${randomBytes(32).toString('base64url')}`
  const started = performance.now()
  const child = spawn(process.execPath, [...nodeOptions, join(dist, 'main.js')], {
    env: {
      ...process.env,
      DATA_DIR: join(directory, 'data'),
      PORT: '0',
      API_KEY: key,
      // Not ready yet is a warning, and it is asked often.
      LOG_LEVEL: 'error',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGTERM')
    await once(child, 'exit')
  }
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /listens on (http:\S+)/.exec(line)?.[1]
    if (url === undefined) continue
    while (!(await isReady(url))) await new Promise((resolve) => setTimeout(resolve, 20))
    child.stdout.resume()
    return { url, key, pid: child.pid ?? 0, readyAfterMs: performance.now() - started, stop }
  }
  throw new Error('the program did not start')
}

const isReady = async (url: string): Promise<boolean> => (await fetch(`${url}/readyz`)).ok

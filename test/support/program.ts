import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Answer<T> {
  status: number
  headers: Headers
  body: T
}

export interface Program {
  url: string
  key: string
  child: ChildProcess
  /** Everything it has printed so far, both streams. */
  output(): string
  call<T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer<T>>
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>
  /** SIGKILL. */
  kill(): Promise<void>
}

const dist = join(import.meta.dirname, '../../dist')

export const newDirectory = (): string => {
  const directory = mkdtempSync(join(tmpdir(), 'flowledger-e2e-'))
  chmodSync(directory, 0o755)
  return directory
}
export const removeDirectory = (directory: string): void => rmSync(directory, { recursive: true, force: true })

const spawnProgram = (environment: NodeJS.ProcessEnv): { child: ChildProcess; output: () => string } => {
  const child = spawn(process.execPath, [join(dist, 'main.js')], {
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      TMPDIR: process.env.TMPDIR,
      PORT: '0',
      LOG_LEVEL: 'warn',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  return { child, output: () => text }
}

const exited = async (child: ChildProcess): Promise<number | null> => {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  return child.exitCode
}

/** Waits until the program has printed something that matches. Rejects when it ends before. */
const until = (child: ChildProcess, output: () => string, pattern: RegExp): Promise<RegExpExecArray> =>
  new Promise((resolve, reject) => {
    const look = () => {
      const found = pattern.exec(output())
      if (found !== null) resolve(found)
    }
    child.stdout?.on('data', look)
    child.once('exit', (code) => reject(new Error(`the program ended with ${code}: ${output()}`)))
  })

const endings = (child: ChildProcess): Pick<Program, 'stop' | 'kill'> => ({
  stop: async () => {
    child.kill('SIGTERM')
    return exited(child)
  },
  kill: async () => {
    child.kill('SIGKILL')
    await exited(child)
  },
})

/** Starts the built program and lets it end by itself: for what it must refuse to start with. */
export const runToExit = async (environment: NodeJS.ProcessEnv): Promise<{ code: number | null; output: string }> => {
  const { child, output } = spawnProgram(environment)
  const code = await exited(child)
  return { code, output: output() }
}

/** Starts the built program in a role without an API and waits until it says that it runs. */
export const startRole = async (environment: NodeJS.ProcessEnv): Promise<Pick<Program, 'stop' | 'kill' | 'output'>> => {
  const { child, output } = spawnProgram(environment)
  await until(child, output, /runs as/)
  return { output, ...endings(child) }
}

/** Starts the built program (`dist/main.js`) and waits until it says where it listens and is ready. */
export const startProgram = async (environment: NodeJS.ProcessEnv): Promise<Program> => {
  const { child, output } = spawnProgram(environment)
  const url = (await until(child, output, /listens on (http:\S+)/))[1] ?? ''
  while ((await fetch(`${url}/readyz`)).status !== 200) await new Promise((resolve) => setTimeout(resolve, 25))
  const key = environment.API_KEY || (/\b(fl_[\w-]+)/.exec(output())?.[1] ?? '')
  const call: Program['call'] = async (method, path, body, headers = {}) => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        'X-API-Key': key,
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.includes('json')
    return {
      status: response.status,
      headers: response.headers,
      body: (isJson && text ? JSON.parse(text) : text) as never,
    }
  }
  return {
    url,
    key,
    child,
    output,
    call,
    ...endings(child),
  }
}

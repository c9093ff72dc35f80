import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export interface DemoServer {
  url: string
  key: string
  stop(): Promise<void>
}

/** The program itself, started as a stranger would, on an empty directory and a free port. */
export const startServer = async (): Promise<DemoServer> => {
  const directory = await mkdtemp(join(tmpdir(), 'flowledger-demo-'))
  const main = fileURLToPath(new URL('../../main.js', import.meta.url))
  const environment = { PATH: process.env.PATH, HOME: process.env.HOME, TMPDIR: process.env.TMPDIR }
  const child = spawn(process.execPath, [main], {
    env: { ...environment, DATA_DIR: join(directory, 'data'), PORT: '0', LOG_LEVEL: 'warn' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM')
      await once(child, 'exit')
    }
    await rm(directory, { recursive: true, force: true })
  }
  try {
    return { ...(await readGreeting(child.stdout)), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Reads where it listens and the first key from what the program prints. */
const readGreeting = async (output: NodeJS.ReadableStream): Promise<{ url: string; key: string }> => {
  const lines: string[] = []
  let url: string | undefined
  let key: string | undefined
  for await (const line of createInterface({ input: output })) {
    lines.push(line)
    url ??= /listens on (http:\S+)/.exec(line)?.[1]
    key ??= /\b(fl_[\w-]+)/.exec(line)?.[1]
    if (url !== undefined && key !== undefined) return { url, key }
  }
  throw new Error(`the program did not come up; it said: ${lines.join(' / ') || 'nothing'}`)
}

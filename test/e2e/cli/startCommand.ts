import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

export interface CommandResult {
  code: number | null
  stdout: string
  stderr: string
}

export interface RunningCommand {
  child: ChildProcess
  ended: Promise<CommandResult>
}

const main = join(import.meta.dirname, '../../../dist/cli/main.js')

/** Starts the built `flowledger` with nothing in its environment but what is given. Its output is a pipe, not a terminal. */
export const startCommand = (
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
  stdin: string = '',
): RunningCommand => {
  const child = spawn(process.execPath, [main, ...args], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, TMPDIR: process.env.TMPDIR, ...environment },
    stdio: 'pipe',
  })
  child.stdin.on('error', () => undefined)
  child.stdin.end(stdin)
  const texts = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      texts[name] += chunk
    })
  }
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, ...texts }))
  return { child, ended }
}

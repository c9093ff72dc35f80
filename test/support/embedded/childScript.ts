import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

export interface ChildScript {
  readonly pid: number
  /** Every line that it has written so far, of standard output and of errors. */
  readonly lines: readonly string[]
  /** The first line, from the start, for which `accept` is true. Rejects with all output when the process ends before that. */
  waitFor(accept: (line: string) => boolean): Promise<string>
  kill(signal: NodeJS.Signals): void
  readonly exited: Promise<number | NodeJS.Signals>
}

/** Runs a TypeScript file of this folder in a process of its own, which is killed when the test has ended. */
export const runScript = (
  name: string,
  args: readonly string[],
  options: { uid?: number; gid?: number } = {},
): ChildScript => {
  const file = fileURLToPath(new URL(name, import.meta.url))
  const child = spawn(process.execPath, ['--import', 'tsx', file, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...options,
  })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  return watch(child)
}

const watch = (child: ChildProcess): ChildScript => {
  const lines: string[] = []
  const listeners = new Set<() => void>()
  const notify = (): void => {
    for (const listener of listeners) listener()
  }
  let ended = false
  const exited = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once('close', (code, signal) => {
      ended = true
      resolve(code ?? signal ?? 'SIGKILL')
      notify()
    })
  })
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) throw new Error('the output of the script is not captured')
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line)
      notify()
    })
  }
  return {
    pid: child.pid ?? 0,
    lines,
    exited,
    kill: (signal) => {
      child.kill(signal)
    },
    waitFor: (accept) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = lines.find(accept)
          if (found === undefined && !ended) return
          listeners.delete(look)
          if (found !== undefined) resolve(found)
          else reject(new Error(`the script ended early:\n${lines.join('\n')}`))
        }
        listeners.add(look)
        look()
      }),
  }
}

import { Worker, type WorkerOptions } from 'node:worker_threads'
import type { FromWorker, WorkerInput } from './worker.js'

/** The server's thread. */
export interface Thread {
  /** Why it ended. */
  readonly ended: Promise<string>
  stop(): Promise<void>
}

/** A command that computes for ever must not keep the program from ending. What was acknowledged is on disk anyway. */
const STOP_PATIENCE_MS = 10_000

export const startThread = async (input: WorkerInput, log: (line: string) => void): Promise<Thread> => {
  const worker = createWorker(input)
  let failure = 'exit'
  const ended = new Promise<string>((resolve) => {
    worker.on('error', (error) => {
      failure = String(error)
    })
    worker.once('exit', (code) => resolve(failure === 'exit' ? `exit code ${code}` : failure))
  })
  await new Promise<void>((resolve, reject) => {
    worker.on('message', (message: FromWorker) => {
      if (message.kind === 'ready') resolve()
      else if (message.kind === 'log') log(message.line)
    })
    void ended.then((reason) => reject(new Error(`the embedded MongoDB server did not start: ${reason}`)))
  })
  return {
    ended,
    stop: async () => {
      worker.postMessage('stop')
      const impatience = setTimeout(() => void worker.terminate(), STOP_PATIENCE_MS)
      await ended
      clearTimeout(impatience)
    },
  }
}

const createWorker = (workerData: WorkerInput): Worker => {
  const options: WorkerOptions = {
    workerData,
    name: 'mongo',
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: 512, maxYoungGenerationSizeMb: 8 },
  }
  const compiled = import.meta.url.endsWith('.js')
  const entry = new URL(compiled ? './worker.js' : './worker.ts', import.meta.url)
  return compiled ? new Worker(entry, options) : new Worker(loadTypeScript(entry), { ...options, eval: true })
}

/** Run from TypeScript (tests, development), a thread does not inherit the loader of its parent. */
const loadTypeScript = (entry: URL): string => {
  const loader = JSON.stringify(import.meta.resolve('tsx/esm/api'))
  return `import(${loader}).then(({ register }) => { register(); return import(${JSON.stringify(entry)}) })`
}

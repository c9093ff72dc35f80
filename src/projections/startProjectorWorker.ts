import { Worker, type WorkerOptions } from 'node:worker_threads'
import type { RunnerStatus } from './projector/runnerStatus.js'
import type { ProjectorConfig, RunningProjector } from './runProjector.js'

export type ToWorker = { readonly kind: 'status'; readonly id: number } | { readonly kind: 'stop' }
export type FromWorker =
  | { readonly kind: 'started' }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'log'; readonly line: string }
  | { readonly kind: 'status'; readonly id: number; readonly status: readonly RunnerStatus[] }
  | { readonly kind: 'failed'; readonly error: string }

/** A thread does not inherit the loader of TypeScript, so it registers one before it loads the code. */
const bootstrap = (entry: URL): string => {
  const loader = JSON.stringify(import.meta.resolve('tsx/esm/api'))
  return `import(${loader}).then(({ register }) => { register(); return import(${JSON.stringify(entry)}) })`
}

/** The thread's code stands beside this file, compiled or, when developing and testing, as it was written. */
const startThread = (config: ProjectorConfig): Worker => {
  const isSource = import.meta.url.endsWith('.ts')
  const entry = new URL(isSource ? './projectorWorker.ts' : './projectorWorker.js', import.meta.url)
  const options: WorkerOptions = {
    workerData: config,
    name: 'projector',
    execArgv: [],
    // A batch of events lives longer than a young generation of the usual size lasts: each would be moved twice.
    resourceLimits: { maxYoungGenerationSizeMb: 96 },
  }
  return isSource ? new Worker(bootstrap(entry), { ...options, eval: true }) : new Worker(entry, options)
}

/** Runs the projector in a worker thread. `onFailed` is called when the thread ends by itself. */
export const startProjectorWorker = async (
  config: ProjectorConfig,
  log: (line: string) => void,
  onFailed: (error: Error) => void,
): Promise<RunningProjector> => {
  const worker = startThread(config)
  const asked = new Map<number, (status: readonly RunnerStatus[]) => void>()
  let next = 0
  let over: Error | undefined
  let begun = false
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()))

  await new Promise<void>((resolve, reject) => {
    const end = (error: Error) => {
      over ??= error
      for (const answer of asked.values()) answer([])
      asked.clear()
      if (begun) onFailed(error)
      else reject(error)
    }
    worker.on('message', (message: FromWorker) => {
      if (message.kind === 'log') log(message.line)
      else if (message.kind === 'status') {
        asked.get(message.id)?.(message.status)
        asked.delete(message.id)
      } else if (message.kind === 'failed') end(new Error(`projector: ${message.error}`))
      else if (message.kind === 'started') {
        begun = true
        resolve()
      }
    })
    worker.once('error', end)
    worker.once('exit', (code) => {
      if (over === undefined) end(new Error(`the projector's thread ended (${code})`))
    })
  })

  return {
    stop: async () => {
      over ??= new Error('stopped')
      worker.postMessage({ kind: 'stop' } satisfies ToWorker)
      await exited
    },
    status: () =>
      new Promise((resolve) => {
        if (over !== undefined) return resolve([])
        const id = next++
        asked.set(id, resolve)
        worker.postMessage({ kind: 'status', id } satisfies ToWorker)
      }),
  }
}

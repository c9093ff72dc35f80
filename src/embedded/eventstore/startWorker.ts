import { Worker, type WorkerOptions } from 'node:worker_threads'

/** Starts the thread whose code stands beside this file, compiled or, when developing and testing, as it was written. */
export function startWorker(workerData: unknown): Worker {
  const options: WorkerOptions = {
    workerData,
    name: 'eventstore',
    execArgv: [],
    // The server makes much short-lived garbage; a third of the usual room for it costs no speed.
    resourceLimits: { maxYoungGenerationSizeMb: 16 },
  }
  const isSource = import.meta.url.endsWith('.ts')
  const entry = new URL(isSource ? './worker.ts' : './worker.js', import.meta.url)
  return isSource ? new Worker(bootstrap(entry), { ...options, eval: true }) : new Worker(entry, options)
}

/** A thread does not inherit the loader of TypeScript, so it registers one before it loads the code. */
function bootstrap(entry: URL): string {
  const loader = import.meta.resolve('tsx/esm/api')
  return `import(${JSON.stringify(loader)}).then(({ register }) => { register(); return import(${JSON.stringify(entry)}) })`
}

import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

interface Ceiling {
  readonly connectionString: string
  stop(): Promise<unknown>
}

/** Starts the server without a store, in a worker of the same shape as the real one. */
export async function startCeiling(): Promise<Ceiling> {
  // A thread does not inherit the loader of TypeScript.
  const [loader, entry] = [import.meta.resolve('tsx/esm/api'), import.meta.resolve('./ceilingServer.ts')]
  const bootstrap = `import(${JSON.stringify(loader)}).then(({ register }) => { register(); return import(${JSON.stringify(entry)}) })`
  const worker = new Worker(bootstrap, {
    eval: true,
    execArgv: [],
    resourceLimits: { maxYoungGenerationSizeMb: 16 },
  })
  const [port] = (await once(worker, 'message')) as [number]
  return { connectionString: `esdb://127.0.0.1:${port}?tls=false`, stop: () => worker.terminate() }
}

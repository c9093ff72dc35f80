import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

/** What a thread with a client of its own is told. */
export type ClientTask = { readonly connectionString: string } & (
  | { readonly work: 'append'; readonly writers: number; readonly milliseconds: number }
  | { readonly work: 'read'; readonly events: number }
)

/** The same work in each of `threads` threads, since one client takes a whole core; events per second of all together. */
export async function fromThreads(threads: number, task: ClientTask): Promise<number> {
  // A thread does not inherit the loader of TypeScript.
  const [loader, entry] = [import.meta.resolve('tsx/esm/api'), import.meta.resolve('./clientThread.ts')]
  const bootstrap = `import(${JSON.stringify(loader)}).then(({ register }) => { register(); return import(${JSON.stringify(entry)}) })`
  const rates = await Promise.all(
    Array.from({ length: threads }, async () => {
      const worker = new Worker(bootstrap, { eval: true, execArgv: [], workerData: task })
      const [rate] = (await once(worker, 'message')) as [number]
      return rate
    }),
  )
  return rates.reduce((sum, rate) => sum + rate, 0)
}

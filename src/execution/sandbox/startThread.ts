import { type ResourceLimits, Worker } from 'node:worker_threads'

/**
 * Starts a thread with the compiled code at `entry`, or, where we run from source, with the TypeScript beside it: a
 * thread does not inherit the loader, so it registers one first.
 */
export const startThread = (entry: URL, name: string, resourceLimits: ResourceLimits): Worker => {
  // Nothing of the environment or of the command line is a sandbox's business.
  const options = { name, resourceLimits, env: {}, execArgv: [], stdin: false }
  if (!entry.pathname.endsWith('.ts')) return new Worker(entry, options)
  const loader = import.meta.resolve('tsx/esm/api')
  const code = `import(${JSON.stringify(loader)}).then(({ register }) => { register(); return import(${JSON.stringify(entry.href)}) })`
  return new Worker(code, { ...options, eval: true })
}

/** The entry of a thread that stands beside the module with this `import.meta.url`. */
export const threadEntry = (name: string, moduleUrl: string): URL =>
  new URL(`./${name}.${moduleUrl.endsWith('.ts') ? 'ts' : 'js'}`, moduleUrl)

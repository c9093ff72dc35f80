import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const SCRIPT = fileURLToPath(new URL('./serveProcess.ts', import.meta.url))

export const ACCESS_KEY = 'key-of-the-child'

export interface ChildServer {
  readonly process: ChildProcess
  readonly port: number
  readonly connectionString: string
  /** Ends it without a chance to tidy up. */
  kill(): Promise<void>
}

/** Serves a directory in another process. `fileLimit` is the largest file it may write, in KiB. */
export async function startChildServer(
  directory: string,
  options: { port?: number; fileLimit?: number } = {},
): Promise<ChildServer> {
  const args = ['--import', 'tsx', SCRIPT, directory, String(options.port ?? 0), ACCESS_KEY]
  const child = options.fileLimit
    ? spawn('bash', ['-c', `ulimit -f ${options.fileLimit}; exec "$@"`, 'bash', process.execPath, ...args], STDIO)
    : spawn(process.execPath, args, STDIO)
  const port = Number(await firstLine(child))
  const ended = once(child, 'exit')
  return {
    process: child,
    port,
    connectionString: `esdb://127.0.0.1:${port}?tls=false&connectionName=${ACCESS_KEY}`,
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

const STDIO: { stdio: ['ignore', 'pipe', 'pipe'] } = { stdio: ['ignore', 'pipe', 'pipe'] }

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = ''
    let errors = ''
    child.stderr?.on('data', (chunk) => {
      errors += chunk
    })
    child.stdout?.on('data', (chunk) => {
      output += chunk
      if (output.includes('\n')) resolve(output.trim())
    })
    child.once('exit', (code) => reject(new Error(`The server ended with ${code}: ${errors}`)))
  })
}

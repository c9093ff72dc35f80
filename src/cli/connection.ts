import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadConfig } from '../config.js'
import { UsageError } from './errors.js'

export interface Connection {
  /** Without a slash at the end. */
  readonly url: string
  readonly apiKey: string
}

type Environment = Readonly<NodeJS.ProcessEnv>

/** What a client needs of the server's configuration; the rest of it need not make sense here. */
const clientVariables = ['HOST', 'PORT', 'DATA_DIR', 'API_KEY', 'API_KEY_FILE'] as const

const clientConfig = (environment: Environment) =>
  loadConfig(Object.fromEntries(clientVariables.map((name) => [name, environment[name]])))

/** Where a client of this machine reaches a server that listens on every address. */
const reachable = (host: string): string => {
  if (host === '0.0.0.0') return '127.0.0.1'
  if (host === '::') return '[::1]'
  return host.includes(':') ? `[${host}]` : host
}

const defaultUrl = ({ HOST, PORT }: { HOST: string; PORT: number }): string => {
  if (PORT === 0) throw new UsageError('PORT is 0, so nobody knows where the server listens: name it with --url')
  return `http://${reachable(HOST)}:${PORT}`
}

const parseUrl = (text: string): URL => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.search !== '') {
    throw new UsageError(`${text} is no address of a server: it is to look like http://127.0.0.1:3000`)
  }
  return url
}

const isLoopback = ({ hostname }: URL): boolean => /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)

/** The key that the server made for itself; undefined where this user may not read it, or there is none. */
const keyFile = (directory: string): string | undefined => {
  try {
    return readFileSync(join(directory, 'api-key'), 'utf8').trim()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'EACCES' || code === 'ENOTDIR' || code === 'EPERM') return undefined
    throw error
  }
}

/**
 * Which server, and by which key: `--url`, FLOWLEDGER_URL, or HOST and PORT; `--api-key`, API_KEY (API_KEY_FILE), or the key file
 * in DATA_DIR. That file is of a server on this machine, so it is sent to no other.
 */
export const resolveConnection = (
  options: { readonly url?: string; readonly apiKey?: string },
  environment: Environment,
): Connection => {
  const config = clientConfig(environment)
  const url = parseUrl(options.url ?? (environment.FLOWLEDGER_URL || defaultUrl(config)))
  const apiKey = options.apiKey ?? config.API_KEY ?? (isLoopback(url) ? keyFile(config.DATA_DIR) : undefined)
  if (apiKey === undefined) {
    throw new UsageError(
      'no API key: give --api-key, API_KEY or API_KEY_FILE, or set DATA_DIR to the directory of a server on this machine',
    )
  }
  if (!/^[\x21-\x7e]+$/.test(apiKey)) throw new UsageError('an API key is printable characters without spaces')
  return { url: url.href.replace(/\/+$/, ''), apiKey }
}

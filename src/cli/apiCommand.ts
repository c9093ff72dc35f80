import { Command } from 'commander'
import { type Client, createClient } from './client.js'
import { resolveConnection } from './connection.js'
import { note, print } from './terminal/print.js'

/** Options of every command that talks to a server. */
export interface ApiOptions {
  readonly url?: string
  readonly apiKey?: string
  readonly json?: boolean
}

export interface Session {
  readonly client: Client
  readonly json: boolean
  /** Prints the result on stdout: as one line of JSON with --json, else as a person reads it. */
  answer<T>(result: T, human: (result: T) => string): void
}

export const jsonOption = (command: Command): Command => command.option('--json', 'print the result as JSON')

const nextCursor = (result: unknown): string | undefined =>
  typeof result === 'object' && result !== null && 'nextCursor' in result && typeof result.nextCursor === 'string'
    ? result.nextCursor
    : undefined

export const answerer =
  (json: boolean): Session['answer'] =>
  (result, human) => {
    print(json ? JSON.stringify(result) : human(result))
    const cursor = nextCursor(result)
    if (!json && cursor !== undefined) note(`there are more: --cursor ${cursor} or --all`)
  }

/** A command that talks to a server. `signature`: its name and arguments, as commander takes them. */
export const apiCommand = (signature: string, description: string): Command => {
  const [name, ...parts] = signature.split(' ')
  const command = new Command(name)
    .description(description)
    .option('--url <url>', 'the server (default: FLOWLEDGER_URL, else HOST and PORT)')
    .option('--api-key <key>', 'the API key (default: API_KEY, API_KEY_FILE, else the key file in DATA_DIR)')
  for (const part of parts) command.argument(part)
  return jsonOption(command)
}

export const openSession = (options: ApiOptions): Session => {
  const json = options.json ?? false
  return { client: createClient(resolveConnection(options, process.env)), json, answer: answerer(json) }
}

import { readFileSync } from 'node:fs'
import { Command, InvalidArgumentError, Option } from 'commander'
import { startEmbeddedEventStore } from './start.js'

/** `eventstore serve|check|backup|scavenge`. What the commands need is loaded when they run. */
export function eventstoreCommand(): Command {
  return new Command('eventstore')
    .description('Run and look after the embedded EventStoreDB')
    .addCommand(serveCommand())
    .addCommand(checkCommand())
    .addCommand(backupCommand())
    .addCommand(scavengeCommand())
}

interface ServeOptions {
  readonly port: number
  readonly host: string
  readonly accessKey?: string
  readonly open?: boolean
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly projections?: string[]
}

function serveCommand(): Command {
  return new Command('serve')
    .description('Serve the store of a directory to any EventStoreDB client')
    .argument('<directory>', 'where the log is, or is to be')
    .option('-p, --port <port>', 'port to listen on', parsePort, 2113)
    .option('--host <host>', 'address to listen on', '127.0.0.1')
    .option('--access-key <key>', 'the connection name that clients must give (default: a new random one)', parseKey)
    .addOption(new Option('--open', 'let in every client that can reach the port').conflicts('accessKey'))
    .option(
      '--tls-cert <file>',
      'certificate in PEM form; asks for users, their passwords in EVENTSTORE_ADMIN_PASSWORD and EVENTSTORE_OPS_PASSWORD',
    )
    .option('--tls-key <file>', 'private key in PEM form')
    .option('--projections <names...>', 'system projections to switch on, such as $by_category')
    .action(serve)
}

async function serve(directory: string, options: ServeOptions): Promise<void> {
  const { port, host, accessKey, open, tlsCert, tlsKey, projections } = options
  if ((tlsCert === undefined) !== (tlsKey === undefined)) throw new Error('--tls-cert and --tls-key go together.')
  if (tlsCert && !process.env.EVENTSTORE_ADMIN_PASSWORD) {
    throw new Error('A server with TLS asks for users: set EVENTSTORE_ADMIN_PASSWORD.')
  }
  const { EVENTSTORE_ADMIN_PASSWORD: admin, EVENTSTORE_OPS_PASSWORD: ops } = process.env
  const store = await startEmbeddedEventStore({
    directory,
    port,
    host,
    ...(open ? { accessKey: '' } : accessKey === undefined ? {} : { accessKey }),
    ...(tlsCert && tlsKey
      ? { tls: { certificate: readFileSync(tlsCert, 'utf8'), privateKey: readFileSync(tlsKey, 'utf8') } }
      : {}),
    ...(admin ? { users: { admin, ...(ops ? { ops } : {}) } } : {}),
    ...(projections ? { systemProjections: projections } : {}),
  })
  print(`Serving ${directory} at ${store.connectionString}`)
  const stop = () => void store.stop()
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  const failure = await store.ended
  if (failure) throw failure
}

function checkCommand(): Command {
  return new Command('check')
    .description('Read a whole store, also one in use, and tell what is wrong with it')
    .argument('<directory>')
    .action(async (directory: string) => {
      const { checkEventStore } = await import('./operations/check.js')
      const { events, streams, problems } = await checkEventStore(directory)
      for (const problem of problems) print(problem)
      print(
        `${events} events in ${streams} streams, ${problems.length === 0 ? 'no problems' : `${problems.length} problems`}.`,
      )
      if (problems.length > 0) process.exitCode = 1
    })
}

function backupCommand(): Command {
  return new Command('backup')
    .description('Copy a store, also one in use, as it is at one moment')
    .argument('<directory>')
    .argument('<target>', 'directory for the copy, from which a server can start')
    .action(async (directory: string, target: string) => {
      const { backupEventStore } = await import('./operations/backup.js')
      await backupEventStore(directory, target)
      print(`Copied ${directory} to ${target}.`)
    })
}

function scavengeCommand(): Command {
  return new Command('scavenge')
    .description('Take out of a store what no reader can see any more')
    .argument('<directory-or-url>', 'a directory that no server has open, or the connection string of a server')
    .option('--shrink', 'write the file anew, without its free pages; of a directory only')
    .action(async (target: string, options: { shrink?: boolean }) => {
      if (/^esdb(\+discover)?:/.test(target)) {
        if (options.shrink) throw new Error('--shrink is for the directory of a server that has stopped.')
        const { requestScavenge } = await import('./operations/requestScavenge.js')
        const { id, running } = await requestScavenge(target)
        print(running ? `Scavenge ${id} is running already.` : `Scavenge ${id} has started.`)
        return
      }
      const { scavengeDirectory } = await import('./operations/compact.js')
      const { removed, streams, before, after } = await scavengeDirectory(target, options.shrink ?? false)
      print(`Removed ${removed} events of ${streams} streams; the file had ${before} bytes and has ${after}.`)
    })
}

function parsePort(text: string): number {
  const port = Number(text)
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new InvalidArgumentError('A port is 0 to 65535.')
  return port
}

/** A variable of the shell that is not set must not open the server to all. */
function parseKey(text: string): string {
  if (text === '') throw new InvalidArgumentError('A key is not empty; --open lets in everyone.')
  return text
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

import { chmodSync, cpSync, existsSync, lstatSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Client, type QueryResultRow } from 'pg'
import { describe, expect, it, onTestFinished } from 'vitest'
import { findAccount } from '../../../src/embedded/postgres/account.js'
import { packagedInstallation, usableInstallation } from '../../../src/embedded/postgres/binaries.js'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../../src/embedded/postgres/index.js'
import { processesIn } from '../../../src/embedded/postgres/processes.js'
import { runScript } from '../../support/embedded/childScript.js'
import { temporaryFolder } from '../../support/embedded/temporaryFolder.js'

const asRoot = process.getuid?.() === 0

type Options = Omit<Parameters<typeof startEmbeddedPostgres>[0], 'directory'>

const start = async (directory: string, options: Options = {}): Promise<EmbeddedPostgres> => {
  const postgres = await startEmbeddedPostgres({ directory, ...options })
  onTestFinished(() => postgres.stop())
  return postgres
}

const query = async <Row extends QueryResultRow>(postgres: EmbeddedPostgres, text: string): Promise<Row[]> => {
  const client = new Client({ connectionString: postgres.connectionString })
  await client.connect()
  try {
    return (await client.query<Row>(text)).rows
  } finally {
    await client.end()
  }
}

describe('the embedded PostgreSQL', () => {
  it('runs under private folders on a long path, on a Unix socket only, and keeps its data over a restart', async () => {
    const directory = join(temporaryFolder(), 'far '.repeat(20), 'away '.repeat(20))
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    const first = await start(directory)
    const [facts] = await query(
      first,
      `SELECT current_setting('server_version_num')::int / 10000 AS version, current_setting('listen_addresses') AS tcp,
              current_setting('synchronous_commit') AS durable, current_setting('server_encoding') AS encoding`,
    )
    expect(facts).toEqual({ version: 18, tcp: '', durable: 'on', encoding: 'UTF8' })
    expect(statSync(join(directory, 'data')).mode & 0o777).toBe(0o700)
    await query(first, `CREATE TABLE kept AS SELECT 'yes'::text AS answer`)
    await first.stop()
    expect(await processesIn(join(directory, 'data'))).toEqual([])
    const second = await start(directory)
    expect(await query(second, 'SELECT answer FROM kept')).toEqual([{ answer: 'yes' }])
  })

  it('outlives its killed owner only until the next start, and keeps what was committed', async () => {
    const directory = temporaryFolder()
    const owner = runScript('writeToPostgres.ts', [directory])
    const orphan = Number((await owner.waitFor((line) => line.startsWith('server'))).split(' ')[1])
    await owner.waitFor((line) => line === 'committed 20')
    owner.kill('SIGKILL')
    await owner.exited
    expect(await processesIn(join(directory, 'data'))).toContain(orphan)
    const said: string[] = []
    const postgres = await start(directory, { log: (line) => said.push(line) })
    expect(said).toEqual([expect.stringContaining(`(process ${orphan})`)])
    const living = await processesIn(join(directory, 'data'))
    expect(living).toContain(postgres.pid)
    expect(living).not.toContain(orphan)
    const acknowledged = owner.lines.filter((line) => line.startsWith('committed')).length
    const [kept] = await query<{ count: number }>(postgres, 'SELECT count(*)::int FROM numbers')
    expect(kept?.count).toBeGreaterThanOrEqual(acknowledged)
  })

  it('refuses data of another version in one line', async () => {
    const directory = temporaryFolder()
    mkdirSync(join(directory, 'data'))
    cpSync(new URL(import.meta.url), join(directory, 'data', 'PG_VERSION'))
    await expect(startEmbeddedPostgres({ directory })).rejects.toMatchObject({ code: 'postgres_data_incompatible' })
  })

  it.runIf(asRoot)('goes to the state folder where its user can not get in, says so, and finds it again', async () => {
    const directory = temporaryFolder()
    const stateFolder = join(temporaryFolder(), 'state')
    chmodSync(join(stateFolder, '..'), 0o755)
    const said: string[] = []
    const options = { stateFolder, canEnter: false, log: (line: string) => said.push(line) }
    const first = await start(directory, options)
    await query(first, 'CREATE TABLE kept AS SELECT 1 AS n')
    await first.stop()
    const folder = readFileSync(join(directory, 'location'), 'utf8').trim()
    expect(folder.startsWith(stateFolder)).toBe(true)
    expect(existsSync(join(directory, 'data'))).toBe(false)
    expect(said).toEqual([expect.stringContaining(folder)])
    const second = await start(directory, options)
    expect(await query(second, 'SELECT n FROM kept')).toEqual([{ n: 1 }])
    await second.stop()
    rmSync(folder, { recursive: true })
    await expect(startEmbeddedPostgres({ directory, ...options })).rejects.toMatchObject({
      code: 'postgres_data_missing',
    })
  })
})

describe('the PostgreSQL programs', () => {
  it('run where no install script restored their links, and from where their user can not go', async () => {
    const folder = temporaryFolder()
    const packaged = join(folder, 'native')
    // What npm leaves when it was not allowed to run the install script: no links, no modes.
    cpSync(packagedInstallation(), packaged, {
      recursive: true,
      verbatimSymlinks: true,
      filter: (path) => !lstatSync(path).isSymbolicLink(),
    })
    expect(existsSync(join(packaged, 'lib', 'libpq.so.5'))).toBe(false)
    expect(await usableInstallation(packaged, folder, undefined)).toBe(packaged)
    if (!asRoot) return
    const state = join(temporaryFolder(), 'state')
    chmodSync(join(state, '..'), 0o755)
    const account = await findAccount(join(folder, 'none'))
    const copy = await usableInstallation(packaged, state, account)
    expect(copy.startsWith(state)).toBe(true)
    expect(await usableInstallation(packaged, state, account)).toBe(copy)
  })
})

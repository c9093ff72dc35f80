import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newDirectory, type Program, removeDirectory, startProgram } from '../../support/program.js'
import { startCommand } from './startCommand.js'

const directory = newDirectory()
const DATA_DIR = join(directory, 'data')
const settings = { DATA_DIR, ALLOW_PRIVATE_NETWORKS: 'true' }
const canary = 'canary-7f3a9c'

/** What the world outside has received: the header that the secret is in. */
const received: unknown[] = []
let outside: Server
let program: Program
let workflow: string
let execution: string

const run = (args: string, stdin?: string, environment: NodeJS.ProcessEnv = {}) =>
  startCommand(args.split(' '), { DATA_DIR, FLOWLEDGER_URL: program.url, ...environment }, stdin).ended

/** The result of a command that must succeed. */
const json = async (args: string, stdin?: string) => {
  const { code, stdout, stderr } = await run(`${args} --json`, stdin)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return JSON.parse(stdout)
}

beforeAll(async () => {
  outside = createServer((request, response) => {
    received.push(request.headers['x-token'])
    response.setHeader('Content-Type', 'application/json').end('{"ok":true}')
  }).listen(0, '127.0.0.1')
  program = await startProgram(settings)
  const { port } = outside.address() as AddressInfo
  const definition = {
    name: 'From a file',
    nodes: [
      { key: 'start', type: 'trigger.manual' },
      { key: 'approve', type: 'signal', config: { name: 'approval' } },
      {
        key: 'call',
        type: 'http.request',
        config: { url: `http://127.0.0.1:${port}/`, headers: { 'x-token': '{{ secrets.TOKEN }}' } },
      },
    ],
    edges: [
      { sourceNodeId: 'start', targetNodeId: 'approve' },
      { sourceNodeId: 'approve', targetNodeId: 'call' },
    ],
  }
  writeFileSync(join(directory, 'workflow.json'), JSON.stringify(definition))
})
afterAll(async () => {
  await program.kill()
  outside.close()
  removeDirectory(directory)
})

describe('flowledger, with the key that the server keeps in its data directory', () => {
  it('imports a workflow, saves and publishes it, and exports what it imports to the same', async () => {
    workflow = (await json(`workflow import ${directory}/workflow.json`)).id
    expect(await json(`secrets set ${workflow} TOKEN`, `${canary}\n`)).toEqual({ key: 'TOKEN', set: true })
    expect((await json(`workflow validate ${workflow}`)).valid).toBe(true)
    expect((await json(`workflow save ${workflow} --label first`)).number).toBe(1)
    // At once: no read model knows of the version yet, the command does.
    expect(await json(`workflow publish ${workflow}`)).toMatchObject({ status: 'published', publishedVersion: 1 })
    const { code, stderr } = await run(`workflow export ${workflow} --output ${directory}/exported.json`)
    expect([code, stderr]).toEqual([0, `written to ${directory}/exported.json\n`])
    const revision = (await json(`audit replay workflow-${workflow}`)).revision
    expect((await json(`workflow import ${directory}/exported.json --into ${workflow}`)).revision).toBe(revision)
    expect((await json('workflow import - --name Copy', readFileSync(`${directory}/exported.json`, 'utf8'))).name).toBe(
      'Copy',
    )
  })

  it('starts an execution, follows its events to the end while another command lets it go on', async () => {
    execution = (await json(`execution start ${workflow} --input {"id":1}`)).id
    const following = run(`execution events ${execution} --follow --json`)
    expect((await json(`execution explain ${execution} approve`)).summary).toContain('approval')
    expect(await json(`execution signal ${execution} approval --payload {"by":"ada"}`)).toMatchObject({ id: execution })
    const { code, stdout } = await following
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(code).toBe(0)
    expect(events.at(-1).type).toBe('ExecutionCompleted')
    expect(events.map(({ revision }) => revision)).toEqual(events.map((_, index) => index))
    expect(received).toEqual([canary])
    const human = await run(`execution show ${execution}`)
    expect(human.stdout).toMatch(/^status +completed$/m)
    expect(human.stdout).toMatch(/^call +http\.request +completed/m)
  })

  it('says by its exit code how an execution ended that it waits for', async () => {
    const waiting = await run(`execution start ${workflow} --wait 1`)
    expect([waiting.code, waiting.stderr]).toEqual([1, 'flowledger: it has not ended within 1 s: it is waiting\n'])
    const { items } = await json(`execution list --workflow ${workflow} --status waiting`)
    const [{ id }] = items
    expect((await json('execution list --waiting-for approval')).items).toEqual(items)
    expect((await json('execution list --waiting-for refusal')).items).toEqual([])
    expect((await json(`execution pause ${id}`)).status).toBe('paused')
    expect((await json(`execution resume ${id}`)).status).toBe('waiting')
    expect((await json(`execution cancel ${id} --reason enough`)).status).toBe('cancelled')
    const instead = await json(`execution start ${workflow} --origin ${id}`)
    expect(instead.origin).toEqual({ executionId: id })
    const shown = await run(`execution show ${instead.id}`)
    expect(shown.stdout).toMatch(new RegExp(`^origin +${id}$`, 'm'))
    expect((await run(`execution start ${workflow} --origin ${workflow}`)).stderr).toContain('(origin_not_found, 422)')
    const retried = await run(`execution retry ${id}`)
    expect([retried.code, retried.stderr]).toEqual([
      1,
      expect.stringMatching(/^flowledger: .* \(execution_not_failed, 409\)\n$/),
    ])
  })

  it('replays, compares, verifies and takes out the log', async () => {
    expect((await json(`audit replay execution-${execution} --as-of 0`)).finishedAt).toBeNull()
    expect((await json(`audit diff ${workflow} --from 0 --to 2`)).diff.nodes.added).toHaveLength(2)
    expect((await json(`workflow blame ${workflow}`)).items.length).toBeGreaterThan(5)
    expect(await json('audit verify')).toMatchObject({ valid: true })
    const begun = (await json(`audit events --stream execution-${execution} --type ExecutionStarted`)).items
    expect(begun).toMatchObject([{ revision: 0, type: 'ExecutionStarted', stream: `execution-${execution}` }])
    const led = (await json(`audit events --correlation ${begun[0].correlationId} --all`)).items
    expect(led.length).toBeGreaterThan(1)
    const file = join(directory, 'events.ndjson')
    expect((await run(`audit export --stream execution-${execution} --output ${file}`)).code).toBe(0)
    const lines = readFileSync(file, 'utf8').trim().split('\n')
    expect(JSON.parse(lines[0]!).type).toBe('ExecutionStarted')
    const whole = await run('audit export')
    expect(whole.stdout.trim().split('\n').length).toBeGreaterThan(lines.length)
    expect(whole.stdout).not.toContain(canary)
  })

  it('rebuilds read models with a line of JSON for each change, verifies them, and rolls one back', async () => {
    const rebuilt = await run('projections rebuild executions versions --keep 1')
    expect({ code: rebuilt.code, stderr: rebuilt.stderr }).toEqual({ code: 0, stderr: '' })
    const states = rebuilt.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    for (const name of ['executions', 'versions']) {
      const last = states.filter(({ projection }) => projection === name).at(-1)
      expect(last).toMatchObject({ state: 'swapped', verification: { equal: true } })
    }
    const { items } = await json('projections verify --all')
    expect(items.map(({ equal }: { equal: boolean }) => equal)).toEqual(Array(7).fill(true))
    expect(await json('projections rollback executions')).toEqual({ generation: 1 })
    const list = await run('projections list')
    expect(list.stdout).toMatch(/^executions +postgres +live/m)
    expect((await json('projections rebuild executions --dry-run')).items).toMatchObject([{ projection: 'executions' }])
    expect((await json('projections dead-letters executions')).items).toEqual([])
    const paused = await run('projections pause executions')
    expect([paused.code, paused.stderr]).toEqual([1, 'flowledger: no rebuild of executions is under way\n'])
  })

  it('issues a key that may do what it may do, until it is revoked', async () => {
    const issued = await run('keys issue ci --scope workflows:read --expires 2099-01-01T00:00:00Z')
    const key = issued.stdout.trim()
    const id = /key (\S+),/.exec(issued.stderr)?.[1]
    expect((await run(`workflow list --api-key ${key}`)).code).toBe(0)
    const forbidden = await run(`keys list --api-key ${key}`)
    expect([forbidden.code, forbidden.stderr]).toEqual([1, expect.stringContaining('(forbidden, 403)')])
    expect(await json(`keys revoke ${id}`)).toEqual({ id, revoked: true })
    await expect
      .poll(async () => (await run(`workflow list --api-key ${key}`)).stderr)
      .toContain('(unauthenticated, 401)')
    const { items } = await json('keys list')
    expect(items.find((item: { id: string }) => item.id === id).revokedAt).not.toBeNull()
  })

  it('shows all that is wrong with what was sent, by pointers, in one line', async () => {
    const { code, stderr } = await run(
      'workflow import - --name X',
      '{"nodes":[{"key":"a b","type":"noop"}],"edges":3}',
    )
    expect(code).toBe(1)
    expect(stderr).toMatch(/^flowledger: .*\(invalid_body, 422\).*\/nodes\/0\/key: .*; \/edges: .*\n$/)
    const stale = await run(`workflow archive ${workflow} --if-revision 0 --json`)
    expect(stale.code).toBe(1)
    expect(JSON.parse(stale.stderr)).toMatchObject({ code: 'revision_mismatch', status: 412 })
  })
})

describe('flowledger, straight in the stores', () => {
  const direct = (args: string) => startCommand(args.split(' '), settings)

  it('leaves a data directory alone that a server uses', async () => {
    for (const args of ['secrets rotate', 'migrate']) {
      const { code, stderr } = await direct(args).ended
      expect([code, stderr]).toEqual([
        1,
        expect.stringMatching(/^flowledger: The data directory .* is already in use.*\n$/),
      ])
    }
    expect(existsSync(join(DATA_DIR, 'master-key.next'))).toBe(false)
  })

  it('rotates the master key, also after it was killed in the middle, and every secret stays readable', async () => {
    const before = readFileSync(join(DATA_DIR, 'master-key'), 'utf8')
    await program.stop()
    const killed = direct('secrets rotate')
    await expect.poll(() => existsSync(join(DATA_DIR, 'master-key.next')), { interval: 1, timeout: 20_000 }).toBe(true)
    killed.child.kill('SIGKILL')
    await killed.ended
    const begun = readFileSync(join(DATA_DIR, 'master-key.next'), 'utf8')
    const { code, stdout, stderr } = await direct('secrets rotate --json').ended
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(JSON.parse(stdout)).toMatchObject({ workflows: 1, kept: true })
    expect(existsSync(join(DATA_DIR, 'master-key.next'))).toBe(false)
    expect(readFileSync(join(DATA_DIR, 'master-key'), 'utf8')).toBe(begun)
    expect(begun).not.toBe(before)

    program = await startProgram(settings)
    const { id } = await json(`execution start ${workflow}`)
    await json(`execution signal ${id} approval`)
    expect((await run(`execution events ${id} --follow`)).stdout).toContain('ExecutionCompleted')
    expect(received).toEqual([canary, canary])
    expect((await json(`audit export --type SecretKeyRotated`)).data.workflowId).toBe(workflow)
  })

  it('checks the log and finds the schemas as they should be', async () => {
    await program.stop()
    const checked = await direct(`eventstore check ${DATA_DIR}/eventstore`).ended
    expect([checked.code, checked.stdout]).toEqual([0, expect.stringContaining('no problems')])
    const migrated = await direct('migrate --json').ended
    expect(migrated.code).toBe(0)
    expect(JSON.parse(migrated.stdout)).toEqual({ applied: [], migrations: ['001-control.sql', '002-who-asked.sql'] })
  })
})

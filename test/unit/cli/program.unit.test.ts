import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { allCommands, createProgram } from '../../../src/cli/program.js'
import { run } from '../../../src/cli/run.js'
import { version } from '../../../src/version.js'

const said = { stdout: '', stderr: '' }
for (const name of ['stdout', 'stderr'] as const) {
  vi.spyOn(process[name], 'write').mockImplementation((text) => {
    said[name] += String(text)
    return true
  })
}
afterEach(() => {
  said.stdout = ''
  said.stderr = ''
})

const id = '00000000-0000-7000-8000-000000000000'

describe('the command line', () => {
  it('answers help and its version on stdout with exit code 0', async () => {
    expect(await run(['--version'])).toBe(0)
    expect(said.stdout).toBe(`${version}\n`)
    expect(await run(['workflow', 'publish', '--help'])).toBe(0)
    expect(said.stdout).toContain('Usage: flowledger workflow publish [options] <workflow>')
    expect(said.stderr).toBe('')
  })

  it.each([
    [['nonsense'], "unknown command 'nonsense'"],
    [['workflow', 'show'], "missing required argument 'workflow'"],
    [['workflow', 'show', id, '--nonsense'], "unknown option '--nonsense'"],
    [['workflow', 'show', id, 'more'], 'too many arguments'],
    [['workflow', 'list', '--limit', '0'], 'a whole number from 1 to 200'],
    [['execution', 'start', id, '--input', '{bad'], 'It must be JSON'],
    [['execution', 'start', id, '--input', '1', '--input-file', 'x', '--api-key', 'k'], "can't be given both"],
    [['execution', 'start', id, '--input-file', '/nonexistent', '--api-key', 'k'], "/nonexistent can't be read"],
    [['execution', 'resolve', id, 'node', 'shout', '--reason', 'x'], 'Allowed choices are retry'],
    [['execution', 'events', id, '--follow', '--limit', '5', '--api-key', 'k'], '--follow shows everything'],
    [['keys', 'issue', 'ci', '--scope', 'everything'], 'Allowed choices are workflows:read'],
    [['keys', 'issue', 'ci', '--api-key', 'k'], 'give --scope'],
    [['keys', 'issue', 'ci', '--api-key', 'k', '--all-scopes', '--scope', 'audit:read'], 'give --scope'],
    [['projections', 'rebuild', '--api-key', 'k'], 'or give --all'],
    [['projections', 'rebuild', 'workflows', '--all', '--api-key', 'k'], 'or give --all'],
    [['projections', 'discard', 'workflows', '5'], "required option '--reason <text>'"],
    [['audit', 'replay', 'secrets-1', '--api-key', 'k'], "can't be replayed"],
    [['secrets', 'set', id, 'TOKEN', 'value'], 'too many arguments'],
  ])('refuses %j in one line and says in another how it is used, with exit code 2', async (args, line) => {
    expect(await run(args)).toBe(2)
    expect(said.stdout).toBe('')
    expect(said.stderr).toMatch(/^flowledger: .*\nusage: flowledger .* \(more with --help\)\n$/)
    expect(said.stderr).toContain(line)
  })

  it.each([
    [['projections', 'list', 'all'], 'flowledger projections list [options]'],
    [['projections', 'rebuild', '--api-key', 'k'], 'flowledger projections rebuild [options] [projection...]'],
    [['projections', 'nonsense'], 'flowledger projections [options] [command]'],
  ])('says for %j how that command is used', async (args, usage) => {
    expect(await run(args)).toBe(2)
    expect(said.stderr).toContain(`\nusage: ${usage} (more with --help)\n`)
  })

  it('says with --json what is wrong in one line of JSON', async () => {
    expect(await run(['projections', 'list', 'all', '--json'])).toBe(2)
    expect(JSON.parse(said.stderr)).toMatchObject({ detail: expect.stringContaining('too many arguments') })
  })

  it('shows a group its commands, and counts that as wrong use', async () => {
    expect(await run(['keys'])).toBe(2)
    expect(said.stderr).toContain('issue [options] <name>')
  })

  it('says with exit code 1 that no server answers, as JSON where JSON is asked for', async () => {
    const gone = createServer().listen(0, '127.0.0.1')
    await once(gone, 'listening')
    const url = `http://127.0.0.1:${(gone.address() as AddressInfo).port}`
    gone.close()
    await once(gone, 'close')
    const args = ['keys', 'list', '--api-key', 'k', '--url', url]
    expect(await run(args)).toBe(1)
    expect(said.stderr).toBe(
      `flowledger: no answer from ${url}: is it running (flowledger serve)? --url or FLOWLEDGER_URL says where it is\n`,
    )
    said.stderr = ''
    expect(await run([...args, '--json'])).toBe(1)
    expect(JSON.parse(said.stderr)).toEqual({ detail: expect.stringContaining('no answer from') })
  })

  it('describes every command, and takes --json wherever there is a result of its own', () => {
    const leaves = allCommands(createProgram()).filter(({ commands }) => commands.length === 0)
    expect(leaves.length).toBeGreaterThan(50)
    expect(leaves.filter((command) => command.description() === '')).toEqual([])
    const withoutJson = leaves
      .filter(({ options }) => !options.some(({ long }) => long === '--json'))
      .map((command) => `${command.parent?.name()} ${command.name()}`)
    expect(withoutJson).toEqual([
      'flowledger serve',
      ...['serve', 'check', 'backup', 'scavenge'].map((name) => `eventstore ${name}`),
    ])
  })
})

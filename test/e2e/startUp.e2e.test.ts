import { randomBytes } from 'node:crypto'
import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newDirectory, type Program, removeDirectory, runToExit, startProgram } from '../support/program.js'

const lines = (text: string) => text.trim().split('\n')

describe('starting on a machine that has nothing', () => {
  const directory = newDirectory()
  const DATA_DIR = join(directory, 'data')
  let program: Program

  beforeAll(async () => {
    program = await startProgram({ DATA_DIR })
  })
  afterAll(async () => {
    await program.kill()
    removeDirectory(directory)
  })

  it('says where it listens, gives the first key and a command to try', () => {
    expect(program.output()).toContain(program.url)
    expect(program.key).toMatch(/^fl_/)
    expect(program.output()).toContain('curl')
  })

  it('keeps its data private and listens on loopback only', () => {
    expect(statSync(DATA_DIR).mode & 0o777).toBe(0o700)
    expect(program.url).toMatch(/^http:\/\/127\.0\.0\.1:/)
  })

  it('holds an example workflow that runs at once, with the very command it prints', async () => {
    const { body } = await program.call<{ items: { id: string; status: string }[] }>('GET', '/v1/workflows')
    expect(body.items).toHaveLength(1)
    expect(body.items[0]?.status).toBe('published')
    const command = /curl .*/.exec(program.output())?.[0] ?? ''
    const path = /(\/v1\/workflows\/[\w-]+\/executions)/.exec(command)?.[1] ?? ''
    const data = /-d '([^']+)'/.exec(command)?.[1] ?? ''
    const run = await program.call<{ status: string }>('POST', path, data, { Prefer: 'wait=10' })
    expect(run.body.status).toBe('completed')
  })

  it('refuses a second process on the same directory in one clear line', async () => {
    const { code, output } = await runToExit({ DATA_DIR })
    expect(code).toBe(1)
    expect(lines(output)).toEqual([expect.any(String)])
    expect(output).toContain(DATA_DIR)
  })

  it('stops gracefully, and shows neither the key nor the example again at the next start', async () => {
    expect(await program.stop()).toBe(0)
    const { key } = program
    program = await startProgram({ DATA_DIR, API_KEY: '' })
    expect(program.output()).not.toContain(key)
    const answer = await fetch(`${program.url}/v1/workflows`, { headers: { 'X-API-Key': key } })
    expect(((await answer.json()) as { items: unknown[] }).items).toHaveLength(1)
  })
})

describe('refusing to start', () => {
  const directory = newDirectory()
  afterAll(() => removeDirectory(directory))

  const cases: [string, () => NodeJS.ProcessEnv | Promise<NodeJS.ProcessEnv>, string][] = [
    ['a bad variable', () => ({ PORT: 'many', LOG_LEVEL: 'loud' }), 'LOG_LEVEL'],
    ['real stores without an API key', () => ({ POSTGRES_URL: 'postgres://127.0.0.1:1/x' }), 'API_KEY'],
    [
      'a directory that is a file',
      () => {
        const file = join(directory, 'file')
        writeFileSync(file, '')
        return { DATA_DIR: file }
      },
      'file',
    ],
    [
      'a directory below one that can not be written',
      () => ({ DATA_DIR: '/proc/flowledger/data' }),
      '/proc/flowledger',
    ],
  ]

  it.each(cases)('ends with one clear line and exit code 1 at %s', async (_, environment, hint) => {
    mkdirSync(directory, { recursive: true })
    const { code, output } = await runToExit(await environment())
    expect(code).toBe(1)
    expect(lines(output)).toEqual([expect.any(String)])
    expect(output).toContain(hint)
  })

  it('ends with one clear line and exit code 1 at a taken port', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => taken.once('listening', resolve))
    const { port } = taken.address() as { port: number }
    const { code, output } = await runToExit({
      PORT: String(port),
      DATA_DIR: join(directory, 'data'),
      API_KEY: randomBytes(32).toString('hex'),
    })
    taken.close()
    expect(code).toBe(1)
    expect(lines(output)).toEqual([expect.any(String)])
    expect(output).toContain(String(port))
  })
})

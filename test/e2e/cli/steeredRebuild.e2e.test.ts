import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../../src/embedded/postgres/index.js'
import { defaultSchemas } from '../../../src/projections/postgres/names.js'
import { newDirectory, type Program, removeDirectory, startProgram } from '../../support/program.js'
import { openGate } from '../../support/projections/gate.js'
import { eventually } from '../../support/projections/harness.js'
import { type RunningCommand, startCommand } from './startCommand.js'

const directory = newDirectory()
const API_KEY = 'a-key-that-an-operator-chose'
let postgres: EmbeddedPostgres
let program: Program
let gate: Awaited<ReturnType<typeof openGate>>

beforeAll(async () => {
  await mkdir(join(directory, 'postgres'), { mode: 0o700 })
  postgres = await startEmbeddedPostgres({ directory: join(directory, 'postgres') })
  program = await startProgram({
    DATA_DIR: join(directory, 'data'),
    POSTGRES_URL: postgres.connectionString,
    API_KEY,
    MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
  })
  gate = await openGate(postgres.connectionString, defaultSchemas)
})

afterAll(async () => {
  await gate?.end()
  await program?.kill()
  await postgres?.stop()
  removeDirectory(directory)
})

const terminal = (args: string): RunningCommand =>
  startCommand(args.split(' '), { FLOWLEDGER_URL: program.url, API_KEY })
const statesOf = (lines: string): string[] =>
  lines
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).state)
const shows = (text: () => string, what: string) => eventually(() => text().includes(what))

/** What a command has written so far. */
const reading = (command: RunningCommand): (() => string) => {
  let text = ''
  command.child.stdout?.on('data', (chunk: string) => {
    text += chunk
  })
  return () => text
}

/** A rebuild that can't write its first rows, seen by the terminal that asked for it. */
const beginHeld = async (args: string): Promise<RunningCommand> => {
  const building = `EXISTS (SELECT FROM flowledger.generations g
    WHERE (g.projection, g.generation, g.state) = (NEW.projection, NEW.generation, 'building'))`
  await gate.close({ table: 'checkpoints', when: building })
  const first = terminal(args)
  const text = reading(first)
  await eventually(async () => (await gate.waiting()) === 1)
  await shows(text, '"state":"replaying"')
  return first
}

it('goes on when Ctrl-C ends the command that began it, and is watched, paused and resumed from other terminals', async () => {
  const first = await beginHeld('projections rebuild workflows --json')
  first.child.kill('SIGINT')
  const { code, stderr } = await first.ended
  expect(code).toBe(130)
  expect(JSON.parse(stderr).detail).toBe(
    'the rebuild goes on in the server: flowledger projections watch|pause|cancel workflows',
  )

  const watching = terminal('projections watch workflows')
  const watched = reading(watching)
  const refused = await terminal('projections rebuild workflows').ended
  expect(refused).toMatchObject({ code: 1, stdout: '' })
  expect(refused.stderr).toContain('rebuild_in_progress')
  const asked = await terminal('projections pause workflows --reason lunch').ended
  expect(asked).toMatchObject({ code: 0, stderr: '' })
  expect(asked.stdout).toContain('pause is asked for; the projector has not done it yet')
  await gate.letThrough()
  await shows(watched, '"state":"paused"')
  const list = await terminal('projections list').ended
  expect(list.stdout).toMatch(/^workflows +postgres +rebuild paused/m)

  expect((await terminal('projections resume workflows').ended).code).toBe(0)
  const end = await watching.ended
  expect({ code: end.code, stderr: end.stderr }).toEqual({ code: 0, stderr: '' })
  expect(statesOf(end.stdout)).toEqual(expect.arrayContaining(['replaying', 'paused', 'swapped']))
  expect(statesOf(end.stdout).at(-1)).toBe('swapped')
})

it('fails in the terminal that began it when another one cancels it, and the live rows stay', async () => {
  const before = await program.call('GET', '/v1/projections/workflows')
  const first = await beginHeld('projections rebuild workflows')
  const { code: cancelled, stdout: answer } = await terminal('projections cancel workflows --json').ended
  // It was asked for and not done yet.
  expect([cancelled, statesOf(answer)]).toEqual([0, ['replaying']])
  await gate.letThrough()
  const { code, stdout, stderr } = await first.ended
  expect({ code, stderr }).toEqual({ code: 1, stderr: 'flowledger: the rebuild of workflows was cancelled\n' })
  expect(statesOf(stdout).at(-1)).toBe('cancelled')
  const after = await program.call('GET', '/v1/projections/workflows')
  expect(after.body).toMatchObject({ generation: before.body.generation, rebuildId: null })
})

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createThreadPool, type ThreadPool } from '../../../src/execution/sandbox/threadPool.js'
import { recordedTurn } from '../../support/execution/recordedTurn.js'

/** Echoes its job; `die` ends the thread, `grow` fills its memory, `wait` never answers. */
const threadCode = `
import { parentPort } from 'node:worker_threads'
parentPort.on('message', (job) => {
  if (job === 'die') process.exit(1)
  if (job === 'wait') return
  if (job === 'grow') { const all = []; for (;;) all.push(new Array(1e5).fill(all.length)) }
  parentPort.postMessage({ kind: job === 'last' ? 'spent' : 'done', result: [job, Object.keys(process.env).length] })
})
parentPort.postMessage({ kind: 'ready' })
`

let folder: string
let pool: ThreadPool<string, [string, number]>

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'flowledger-pool-'))
  const file = join(folder, 'echo.mjs')
  await writeFile(file, threadCode)
  pool = createThreadPool({
    entry: pathToFileURL(file),
    name: 'echo',
    size: 2,
    resourceLimits: { maxOldGenerationSizeMb: 32 },
  })
})

afterAll(async () => {
  await pool.close()
  await rm(folder, { recursive: true, force: true })
})

describe('a pool of threads', () => {
  it('carries out more jobs than it has threads, without the environment', async () => {
    const jobs = Array.from({ length: 20 }, (_, index) => `job ${index}`)
    await expect(Promise.all(jobs.map((job) => pool.run(job, 10_000)))).resolves.toEqual(jobs.map((job) => [job, 0]))
  })

  it.each([
    ['die', 10_000, 'crashed'],
    ['grow', 30_000, 'memory'],
    ['wait', 30, 'timeout'],
  ])('reports a job that ends with %s, and goes on', async (job, timeoutMs, reason) => {
    await expect(pool.run(job, timeoutMs)).rejects.toMatchObject({ name: 'ThreadFailure', reason })
    await expect(pool.run('next', 10_000)).resolves.toEqual(['next', 0])
  })

  it('replaces a thread that says it is spent', async () => {
    await expect(pool.run('last', 10_000)).resolves.toEqual(['last', 0])
    await expect(pool.run('after', 10_000)).resolves.toEqual(['after', 0])
  })

  it('gives up a job that is aborted, running or still in the queue', async () => {
    const controller = new AbortController()
    const jobs = ['wait', 'wait', 'queued'].map((job) => pool.run(job, 10_000, controller))
    setTimeout(() => controller.abort(), 100)
    const outcomes = await Promise.allSettled(jobs)
    for (const outcome of outcomes) expect(outcome).toMatchObject({ status: 'rejected', reason: { reason: 'aborted' } })
  })

  it('refuses work once it is closed, and fails what it had', async () => {
    const own = createThreadPool<string, unknown>({
      entry: pathToFileURL(join(folder, 'echo.mjs')),
      name: 'echo',
      size: 1,
      resourceLimits: {},
    })
    const jobs = [own.run('wait', 10_000), own.run('queued', 10_000)]
    const outcomes = Promise.allSettled(jobs)
    await own.close()
    for (const outcome of await outcomes) expect(outcome).toMatchObject({ reason: { reason: 'aborted' } })
    await expect(own.run('late', 1_000)).rejects.toMatchObject({ reason: 'aborted' })
  })

  it('leaves the queue at once when it is aborted there', async () => {
    const abort = new AbortController()
    const [first, second] = [new AbortController(), new AbortController()]
    const busy = [first, second].map((caller) => pool.run('wait', 60_000, caller))
    const waiting = pool.run('never begun', 60_000, abort)
    abort.abort()
    await expect(waiting).rejects.toMatchObject({ reason: 'aborted' })
    first.abort()
    second.abort()
    for (const job of busy) await expect(job).rejects.toMatchObject({ reason: 'aborted' })
  })

  describe('with turns', () => {
    const callerOf = (group: string, maxWaitMs?: number) => {
      const turn = recordedTurn(group, maxWaitMs)
      const abort = new AbortController()
      return { told: turn.told, abort, signal: abort.signal, turn }
    }
    const createPool = (perGroup: number) =>
      createThreadPool<string, unknown>({
        entry: pathToFileURL(join(folder, 'echo.mjs')),
        name: 'echo',
        size: 2,
        perGroup,
        resourceLimits: {},
      })

    it('keeps a thread for others than the group that never ends', async () => {
      const own = createPool(1)
      const hostile = [callerOf('hostile'), callerOf('hostile')]
      const stuck = hostile.map((caller) => own.run('wait', 60_000, caller))
      const other = callerOf('other')
      await expect(own.run('mine', 60_000, other)).resolves.toEqual(['mine', 0])
      expect(other.told.slice(0, 2)).toEqual(['waits', 'begun'])
      expect(hostile[1]?.told).toEqual(['waits'])
      for (const { abort } of hostile) abort.abort()
      for (const job of stuck) await expect(job).rejects.toMatchObject({ reason: 'aborted' })
      await own.close()
    })

    it('gives up a wait that is too long, and one behind too many of its group', async () => {
      const own = createPool(1)
      const first = callerOf('group')
      const stuck = own.run('wait', 60_000, first)
      const impatient = callerOf('group', 1)
      await expect(own.run('late', 60_000, impatient)).rejects.toMatchObject({ reason: 'busy' })
      expect(impatient.told).toEqual(['waits', 'begun'])
      const many = Array.from({ length: 128 }, () => own.run('many', 60_000, callerOf('group')))
      await expect(own.run('one more', 60_000, callerOf('group'))).rejects.toMatchObject({ reason: 'busy' })
      first.abort.abort()
      await expect(stuck).rejects.toMatchObject({ reason: 'aborted' })
      expect(await Promise.all(many)).toHaveLength(128)
      await own.close()
    })
  })
})

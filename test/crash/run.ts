/**
 * The crash test at every point: each run of the corpus alone, with a real SIGKILL of the whole process right after each of
 * its appends, and a new process that finishes it. Takes some minutes, with a process for each core; arguments choose runs by
 * name. Exit 1 where a promise breaks.
 */
import { availableParallelism } from 'node:os'
import { corpus } from './corpus.js'
import type { CorpusRun } from './corpusRun.js'
import { foldedRuns } from './foldedRuns.js'
import { expectedOf, expectPromises } from './promises.js'
import { compileCrashProcess, createCrashSite } from './spawnCrash.js'

interface Told {
  readonly name: string
  /** Appends of the run when nothing is killed. */
  readonly points: number
  /** Where a process was killed: which appends fall together may differ a little from time to time. */
  readonly kills: number
  readonly problems: readonly string[]
}

/** Kills a process at one point and lets the next one finish. False where the run had ended before. */
const crashAt = async (run: CorpusRun, after: number, expected: ReturnType<typeof expectedOf>): Promise<boolean> => {
  const site = await createCrashSite()
  try {
    if (!(await site.run([run.name], after)).killed) return false
    const { events, unexpected } = await site.run([run.name], 0)
    const [folded] = [...foldedRuns([run], events).values()]
    if (folded === undefined) throw new Error('the run is gone')
    if (unexpected.length > 0) throw new Error(unexpected.join('; '))
    expectPromises(run, folded, expected, events, await site.calls())
    return true
  } finally {
    await site.close()
  }
}

const crashEverywhere = async (run: CorpusRun): Promise<Told> => {
  const site = await createCrashSite()
  const plain = await site.run([run.name], 0)
  await site.close()
  const [state] = [...foldedRuns([run], plain.events).values()]
  if (state === undefined) throw new Error(`${run.name} was not run`)
  const expected = expectedOf(run, state)
  const problems: string[] = []
  let kills = 0
  for (let after = 1; after <= plain.appends; after += 1) {
    try {
      if (await crashAt(run, after, expected)) kills += 1
    } catch (error) {
      problems.push(`${run.name}, after append ${after}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  return { name: run.name, points: plain.appends, kills, problems }
}

await compileCrashProcess()
const chosen = process.argv.slice(2)
const runs = corpus('').filter(({ name }) => chosen.length === 0 || chosen.includes(name))
const told: Told[] = []
const work = async (): Promise<void> => {
  for (let run = runs.shift(); run !== undefined; run = runs.shift()) {
    const one = await crashEverywhere(run)
    told.push(one)
    const verdict = one.problems.length === 0 ? 'ok  ' : 'FAIL'
    process.stdout.write(`${verdict} ${one.name}: ${one.kills} kills at ${one.points} points\n`)
  }
}
await Promise.all(Array.from({ length: availableParallelism() }, work))
const problems = told.flatMap((one) => one.problems)
const sum = (of: (one: Told) => number): number => told.reduce((total, one) => total + of(one), 0)
for (const problem of problems) process.stderr.write(`${problem}\n`)
process.stdout.write(`${sum((one) => one.kills)} kills, ${problems.length} broken promises\n`)
process.exitCode = problems.length === 0 ? 0 : 1

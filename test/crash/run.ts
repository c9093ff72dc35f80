/**
 * The crash test at every point: each run of the corpus alone, with a real SIGKILL of the whole process right after each of
 * its appends, and a new process that finishes it. Takes some minutes; arguments choose runs by name. Exit 1 where a promise
 * breaks.
 */
import { corpus } from './corpus.js'
import type { CorpusRun } from './corpusRun.js'
import { foldedRuns } from './foldedRuns.js'
import { expectedOf, expectPromises } from './promises.js'
import { compileCrashProcess, createCrashSite } from './spawnCrash.js'

const crashEverywhere = async (run: CorpusRun): Promise<{ points: number; problems: string[] }> => {
  const site = await createCrashSite()
  const plain = await site.run([run.name], 0)
  await site.close()
  const [state] = [...foldedRuns([run], plain.events).values()]
  if (state === undefined) throw new Error(`${run.name} was not run`)
  const expected = expectedOf(run, state)
  const problems: string[] = []
  for (let after = 1; after <= plain.appends; after += 1) {
    const crashed = await createCrashSite()
    try {
      const { killed } = await crashed.run([run.name], after)
      if (!killed) continue
      const { events, unexpected } = await crashed.run([run.name], 0)
      const [folded] = [...foldedRuns([run], events).values()]
      if (folded === undefined) throw new Error('the run is gone')
      if (unexpected.length > 0) throw new Error(unexpected.join('; '))
      expectPromises(run, folded, expected, events, await crashed.calls())
    } catch (error) {
      problems.push(`${run.name}, after append ${after}: ${error instanceof Error ? error.message : String(error)}`)
    } finally {
      await crashed.close()
    }
  }
  return { points: plain.appends, problems }
}

await compileCrashProcess()
let points = 0
const problems: string[] = []
const chosen = process.argv.slice(2)
for (const run of corpus('')) {
  if (chosen.length > 0 && !chosen.includes(run.name)) continue
  const told = await crashEverywhere(run)
  points += told.points
  problems.push(...told.problems)
  process.stdout.write(`${told.problems.length === 0 ? 'ok  ' : 'FAIL'} ${run.name}: ${told.points} points\n`)
}
for (const problem of problems) process.stderr.write(`${problem}\n`)
process.stdout.write(`${points} kills, ${problems.length} broken promises\n`)
process.exitCode = problems.length === 0 ? 0 : 1

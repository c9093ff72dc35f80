import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { corpus } from '../../crash/corpus.js'
import { foldedRuns } from '../../crash/foldedRuns.js'
import { expectedOf, expectPromises } from '../../crash/promises.js'
import { type CrashSite, compileCrashProcess, createCrashSite } from '../../crash/spawnCrash.js'

const runs = corpus('')
const kills = 40
/** Few enough that the corpus outlasts all the kills. */
const appendsPerLife = 3
const sites: CrashSite[] = []
const newSite = async () => {
  const site = await createCrashSite()
  sites.push(site)
  return site
}

beforeAll(compileCrashProcess)
afterAll(() => Promise.all(sites.map((site) => site.close())))

describe('the whole process, killed by SIGKILL', () => {
  it(`${kills} times, always right after an append, leaves every run as promised`, async () => {
    const plain = await (await newSite()).run([], 0)
    const expected = foldedRuns(runs, plain.events)

    const site = await newSite()
    let killed = 0
    while (killed < kills && (await site.run([], appendsPerLife)).killed) killed += 1
    expect(killed).toBe(kills)
    const { events, unexpected } = await site.run([], 0)
    const states = foldedRuns(runs, events)
    const calls = await site.calls()
    expect(unexpected).toEqual([])
    for (const run of runs) {
      const [state, plainState] = [states.get(run.name), expected.get(run.name)]
      if (state === undefined || plainState === undefined) throw new Error(`${run.name} was not run`)
      expectPromises(run, state, expectedOf(run, plainState), events, calls)
    }
  }, 300_000)
})

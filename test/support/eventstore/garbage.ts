import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const run = runInNewContext('gc') as () => void

/** Collects all garbage, also what a weak reference was asked for in this turn. */
export async function collectGarbage(): Promise<void> {
  await new Promise(setImmediate)
  run()
}

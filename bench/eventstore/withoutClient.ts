import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { newStoredEvent } from './workload.js'

/**
 * Appends one at a time to a log of its own in this thread, as the server does when it has read an append, and returns appends per
 * second: what the store itself takes, without a client, its connection, and a second thread. `dist` is the folder of the built program.
 */
export async function appendWithoutClient(dist: string, directory: string, milliseconds: number): Promise<number> {
  const load = (path: string) => import(pathToFileURL(join(dist, 'embedded/eventstore', path)).href)
  const { openLog } = (await load('log/openLog.js')) as typeof import('../../src/embedded/eventstore/log/openLog.js')
  const { makeDirectory } = (await load(
    'log/makeDirectory.js',
  )) as typeof import('../../src/embedded/eventstore/log/makeDirectory.js')
  const { stageAppend } = (await load(
    'streams/appendEvents.js',
  )) as typeof import('../../src/embedded/eventstore/streams/appendEvents.js')
  makeDirectory(directory)
  const log = await openLog(directory)
  const started = performance.now()
  let written = 0
  for (; performance.now() - started < milliseconds; written++) {
    const stream = `alone-${Math.floor(written / 10)}`
    await log.writer.write((staging) => stageAppend(staging, stream, 'any', [newStoredEvent()]))
  }
  const rate = (written / (performance.now() - started)) * 1_000
  await log.close()
  return rate
}

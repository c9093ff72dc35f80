import type { MongoClient } from 'mongodb'
import type { Pool } from 'pg'
import { messageOf } from '../domain/errors.js'
import type { EventFeed } from '../eventlog/eventFeed.js'
import type { ReadinessCheck } from '../http/dependencies.js'
import type { ProjectionOperations } from '../projections/operations/projectionOperations.js'

const timeoutMs = 2_000

const check = async (name: string, ask: () => Promise<unknown>): Promise<ReadinessCheck> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
  })
  try {
    await Promise.race([ask(), late])
    return { name, ready: true }
  } catch (error) {
    return { name, ready: false, detail: messageOf(error) }
  } finally {
    clearTimeout(timer)
  }
}

/** Asks every store for an answer and every projection whether it is ready. */
export const createReadiness =
  (stores: { feed: EventFeed; pool: Pool; mongo: MongoClient; operations: ProjectionOperations }) =>
  async (): Promise<readonly ReadinessCheck[]> => {
    const projections = async (): Promise<ReadinessCheck[]> => {
      const statuses = await stores.operations.list()
      return statuses.map(({ name, ready, state, error }) => ({
        name: `projection ${name}`,
        ready: ready && state !== 'stalled',
        ...(ready && state !== 'stalled' ? {} : { detail: error ?? state }),
      }))
    }
    const [log, postgres, mongo, ...models] = await Promise.all([
      check('eventstore', () => stores.feed.head()),
      check('postgres', () => stores.pool.query('SELECT 1')),
      check('mongo', () => stores.mongo.db().command({ ping: 1 })),
      projections().catch((error: unknown) => [{ name: 'projections', ready: false, detail: String(error) }]),
    ])
    return [log, postgres, mongo, ...models.flat()]
  }

import { v7 as uuid } from 'uuid'
import { conflict, notFound } from '../../../src/domain/errors.js'
import type { Actor } from '../../../src/domain/events/metadata.js'
import { projections } from '../../../src/projections/definitions/index.js'
import type {
  ProjectionOperations,
  ProjectionStatus,
  Rebuild,
} from '../../../src/projections/operations/projectionOperations.js'

/** Operators' requests without a projector: what was asked for is noted, nothing is carried out. */
export const memoryProjections = (): ProjectionOperations => {
  const rebuilds = new Map<string, Rebuild>()

  const status = async (name: string): Promise<ProjectionStatus> => {
    const projection = projections.find((known) => known.name === name)
    if (projection === undefined) throw notFound('projection_not_found', `There is no projection ${name}.`)
    return {
      name,
      version: projection.version,
      store: projection.store,
      state: 'live',
      position: 12n,
      head: 12n,
      lagEvents: 0,
      lagMs: 0,
      eventsPerSecond: 0,
      generation: 1,
      ready: true,
      deadLetters: 0,
      reconnects: 0,
      error: null,
      rebuildId: null,
    }
  }

  const begin = (name: string, now: string, startedBy: Actor): Rebuild => ({
    id: uuid(),
    projection: name,
    state: 'preparing',
    generation: 2,
    fromGeneration: 1,
    processed: 0,
    eventsPerSecond: 0,
    bytes: 0,
    progress: 0,
    etaSeconds: null,
    position: null,
    targetPosition: '12',
    startedAt: now,
    finishedAt: null,
    keepUntil: null,
    swapMs: null,
    verification: null,
    error: null,
    startedBy,
  })

  const findRebuild = async (name: string, id: string): Promise<Rebuild> => {
    const rebuild = rebuilds.get(id)
    if (rebuild?.projection !== name) throw notFound('rebuild_not_found', `There is no rebuild ${id}.`)
    return rebuild
  }

  const move =
    (from: Rebuild['state'], to: Rebuild['state'], code: string) => async (_: unknown, name: string, id: string) => {
      const rebuild = await findRebuild(name, id)
      if (rebuild.state !== from) throw conflict(code, `It is ${rebuild.state}.`)
      const moved = { ...rebuild, state: to }
      rebuilds.set(id, moved)
      return moved
    }

  const noDeadLetter = async (_: unknown, name: string): Promise<never> => {
    await status(name)
    throw notFound('dead_letter_not_found', 'There is no such dead letter.')
  }

  return {
    list: () => Promise.all(projections.map(({ name }) => status(name))),
    status,
    rebuild: async ({ now, actor }, name) => {
      await status(name)
      if ([...rebuilds.values()].some(({ projection }) => projection === name))
        throw conflict('rebuild_in_progress', 'It is being rebuilt.')
      const rebuild = begin(name, now, actor)
      rebuilds.set(rebuild.id, rebuild)
      return rebuild
    },
    dryRun: async (name) => {
      await status(name)
      return { projection: name, rows: 3, bytes: 8_192, estimatedEvents: 12, estimatedSeconds: 0.1 }
    },
    findRebuild,
    rebuilds: async (name) => {
      await status(name)
      return [...rebuilds.values()].filter(({ projection }) => projection === name)
    },
    progress: async function* () {},
    pause: move('preparing', 'paused', 'rebuild_not_running'),
    resume: move('paused', 'preparing', 'rebuild_not_paused'),
    cancel: move('preparing', 'cancelled', 'rebuild_not_running'),
    rollback: async (_, name) => {
      await status(name)
      throw conflict('nothing_to_roll_back', 'There is no generation before.')
    },
    verify: async (name, { streams = 50 } = {}) => {
      await status(name)
      return { equal: true, position: '12', method: 'refold', rows: {}, differences: [], sampledStreams: streams }
    },
    deadLetters: async (name) => {
      await status(name)
      return []
    },
    retry: noDeadLetter,
    discard: noDeadLetter,
  }
}

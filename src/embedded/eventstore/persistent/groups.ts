import type { ServerContext } from '../context.js'
import { nameKey } from '../log/keys.js'
import type { Staging } from '../log/staging.js'
import { GrpcError, Status } from '../wire/status.js'
import { SubscriptionGroup } from './group.js'
import { groupDoesNotExist, groupDropped, groupExists, groupFailed } from './groupErrors.js'
import { ALL, faultOf, type GroupDefinition } from './groupSettings.js'

const DEFINITION = 'group'
const CHECKPOINT = 'checkpoint'

/** All persistent subscriptions of the server. */
export interface Groups {
  create(definition: GroupDefinition): Promise<void>
  /** Keeps the filter, and the checkpoint of a group that has one; another begins where the new settings say. */
  update(definition: GroupDefinition): Promise<void>
  remove(source: string, name: string): Promise<void>
  /** Delivers again what is parked before revision `stopAt` of the parked stream, or all of it. */
  replayParked(source: string, name: string, stopAt: number | undefined): Promise<void>
  /** @throws GrpcError when there is no such group. */
  get(source: string, name: string): SubscriptionGroup
  list(source?: string): SubscriptionGroup[]
  /** Drops every consumer and starts every group again where it was. */
  restart(): Promise<void>
  stop(): Promise<void>
}

export function createGroups(context: ServerContext): Groups {
  const { store, writer } = context
  const groups = new Map<string, SubscriptionGroup>()

  const load = (definition: GroupDefinition, checkpoint: number | undefined) => {
    const key = keyOf(definition.source, definition.name)
    const write = (order: number) =>
      writer.write((staging) => staging.setMeta(metaKey(CHECKPOINT, key), Buffer.from(String(order))))
    groups.set(key, new SubscriptionGroup(context, definition, checkpoint, firstOrder(definition), write))
  }

  const loadAll = () => {
    for (const value of store.view.metaValues(`${DEFINITION}/`)) {
      const definition = JSON.parse(value.toString()) as GroupDefinition
      const key = keyOf(definition.source, definition.name)
      const checkpoint = store.view.meta(metaKey(CHECKPOINT, key))?.toString()
      load(definition, checkpoint === undefined ? undefined : Number(checkpoint))
    }
  }

  /** Puts a group in the place of another. Consumers who are dropped come back at once, so it is there before they are. */
  const replace = (group: SubscriptionGroup, definition: GroupDefinition, checkpoint: number | undefined) => {
    load(definition, checkpoint)
    return group.stop(groupDropped(definition))
  }

  const find = (source: string, name: string) => {
    const group = groups.get(keyOf(source, name))
    if (!group) throw groupDoesNotExist(source, name)
    return group
  }

  const check = (definition: GroupDefinition) => {
    const fault = faultOf(definition.settings)
    if (fault) throw groupFailed(definition, fault)
  }

  const save = (staging: Staging, definition: GroupDefinition, checkpoint: number | undefined) => {
    const key = keyOf(definition.source, definition.name)
    staging.setMeta(metaKey(DEFINITION, key), Buffer.from(JSON.stringify(definition)))
    staging.setMeta(metaKey(CHECKPOINT, key), checkpoint === undefined ? undefined : Buffer.from(String(checkpoint)))
  }

  let lastChange: Promise<unknown> = Promise.resolve()
  /** One change at a time: what one has begun, another must not find half done. */
  const inTurn = <Args extends unknown[]>(change: (...args: Args) => Promise<void>) => {
    return (...args: Args): Promise<void> => {
      const done = lastChange.then(() => change(...args))
      lastChange = done.catch(() => undefined)
      return done
    }
  }

  loadAll()

  return {
    create: inTurn(async (definition: GroupDefinition) => {
      check(definition)
      const key = keyOf(definition.source, definition.name)
      if (groups.has(key)) throw groupExists(definition)
      const checkpoint = firstCheckpoint(context, definition)
      await writer.write((staging) => {
        if (groups.has(key)) throw groupExists(definition)
        save(staging, definition, checkpoint)
      })
      load(definition, checkpoint)
    }),
    update: inTurn(async (definition: GroupDefinition) => {
      const group = find(definition.source, definition.name)
      check(definition)
      const { filter } = group.definition
      const updated = filter ? { ...definition, filter } : definition
      const checkpoint = group.reached ?? firstCheckpoint(context, updated)
      await writer.write((staging) => save(staging, updated, checkpoint))
      await replace(group, updated, group.reached ?? checkpoint)
    }),
    remove: inTurn(async (source: string, name: string) => {
      const group = find(source, name)
      const key = keyOf(source, name)
      groups.delete(key)
      await group.stop(groupDropped(group.definition))
      await group.parked.remove()
      await writer.write((staging) => {
        staging.setMeta(metaKey(DEFINITION, key), undefined)
        staging.setMeta(metaKey(CHECKPOINT, key), undefined)
      })
    }),
    replayParked: inTurn(async (source: string, name: string, stopAt: number | undefined) =>
      find(source, name).replayParked(stopAt),
    ),
    get: find,
    list: (source) =>
      [...groups.values()].filter((group) => source === undefined || group.definition.source === source),
    restart: inTurn(async () => {
      await Promise.all([...groups.values()].map((group) => replace(group, group.definition, group.reached)))
    }),
    stop: inTurn(async () => {
      // Clients connect again after this status, and not after a drop.
      const reason = new GrpcError(Status.unavailable, 'The server is shutting down.')
      const running = [...groups.values()]
      groups.clear()
      await Promise.all(running.map((group) => group.stop(reason)))
    }),
  }
}

function firstOrder({ settings }: GroupDefinition): number {
  return typeof settings.startFrom === 'number' ? settings.startFrom : 0
}

/** "From the end" is the end as it is now, also after a restart before anything was acknowledged. */
function firstCheckpoint({ store }: ServerContext, { source, settings }: GroupDefinition): number | undefined {
  if (settings.startFrom !== 'end') return undefined
  return source === ALL ? store.head : store.state(source).last
}

const keyOf = (source: string, name: string): string => `${source}\n${name}`

/** Long names are hashed by `nameKey`, whose first byte keeps the two kinds apart. */
function metaKey(kind: string, key: string): Buffer {
  return Buffer.concat([Buffer.from(`${kind}/`), nameKey(key)])
}

import { randomUUID } from 'node:crypto'
import type { ServerContext } from '../context.js'
import type { Scavenger } from '../operations/scavenger.js'
import type { Groups } from '../persistent/groups.js'
import type { SystemProjections } from '../projections/systemProjections.js'
import { createAppend } from './append.js'
import { createBatchAppend } from './batchAppend.js'
import { createDelete, createTombstone } from './deletes.js'
import { createGossip } from './gossip.js'
import type { CallHandler } from './handler.js'
import { createOperationRoutes } from './operations.js'
import { createGroupRoutes } from './persistentSubscriptions.js'
import { createProjectionRoutes } from './projections.js'
import { createRead } from './read.js'
import { createServerFeatures } from './serverFeatures.js'

const STREAMS = '/event_store.client.streams.Streams'
const GOSSIP = '/event_store.client.gossip.Gossip/Read'
const FEATURES = '/event_store.client.server_features.ServerFeatures/GetSupportedMethods'

/** Clients make these calls without any metadata, so they cannot bear the access key. */
export const OPEN_ROUTES: ReadonlySet<string> = new Set([GOSSIP, FEATURES])

/** Every call that the server answers; any other is unimplemented. */
export function createRoutes(
  context: ServerContext,
  groups: Groups,
  scavenger: Scavenger,
  projections: SystemProjections,
): ReadonlyMap<string, CallHandler> {
  return new Map([
    [`${STREAMS}/Append`, createAppend(context)],
    [`${STREAMS}/BatchAppend`, createBatchAppend(context)],
    [`${STREAMS}/Read`, createRead(context)],
    [`${STREAMS}/Delete`, createDelete(context)],
    [`${STREAMS}/Tombstone`, createTombstone(context)],
    ...createGroupRoutes(context, groups),
    ...createOperationRoutes(context, groups, scavenger),
    ...createProjectionRoutes(context, projections),
    [GOSSIP, createGossip(context, randomUUID())],
    [FEATURES, createServerFeatures()],
  ])
}

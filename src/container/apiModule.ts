import { ContainerModule } from 'inversify'
import { createAudit } from '../audit/createAudit.js'
import { createWebhooks } from '../commands/executions/triggers/webhooks.js'
import type { HttpDependencies } from '../http/dependencies.js'
import { version } from '../version.js'
import { provide } from './provide.js'
import { createReadiness } from './readiness.js'
import { tokens as t } from './tokens.js'

/** What the HTTP API calls. */
export const apiModule = new ContainerModule((options) => {
  provide(options, t.audit, [t.store, t.feed], (store, feed) => createAudit({ store, feed }))
  provide(options, t.readiness, [t.feed, t.pool, t.mongo, t.operations], (feed, pool, mongo, operations) =>
    createReadiness({ feed, pool, mongo, operations }),
  )
  provide(
    options,
    t.commands,
    [t.workflows, t.versions, t.secrets, t.apiKeys, t.executions, t.triggers],
    (workflows, versions, secrets, apiKeys, { commands: executions }, triggers) => ({
      workflows,
      versions,
      secrets,
      apiKeys,
      executions,
      startWebhook: createWebhooks({ triggers, executions }),
    }),
  )
  provide(
    options,
    t.readSide,
    [t.store, t.feed, t.reads, t.progress, t.readTraffic, t.operations, t.audit],
    (store, feed, reads, progress, readTraffic, projections, audit) => ({
      store,
      feed,
      reads,
      progress,
      readTraffic,
      projections,
      audit,
    }),
  )
  provide(options, t.telemetry, [t.logger, t.registry, t.tracing], (logger, registry, tracing) => ({
    logger,
    registry,
    ...(tracing !== undefined && { trace: tracing.send }),
  }))
  provide(
    options,
    t.http,
    [t.telemetry, t.clock, t.ids, t.nodeTypes, t.authenticator, t.readiness, t.commands, t.readSide],
    (telemetry, clock, ids, nodeTypes, authenticator, readiness, commands, readSide): HttpDependencies => ({
      version,
      clock,
      ids,
      nodeTypes,
      authenticator,
      readiness,
      ...telemetry,
      ...commands,
      ...readSide,
    }),
  )
})

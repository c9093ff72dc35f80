import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import type { Audit } from '../audit/createAudit.js'
import type { ApiKeyAuthenticator } from '../commands/apiKeys/apiKeyAuthenticator.js'
import type { ApiKeyCommands } from '../commands/apiKeys/apiKeyCommands.js'
import type { ExecutionCommands } from '../commands/executions/executionCommands.js'
import type { StartByWebhook } from '../commands/executions/triggers/webhooks.js'
import type { Clock, IdSource } from '../commands/ports.js'
import type { SecretCommands } from '../commands/secrets/secretCommands.js'
import type { VersionSource } from '../commands/workflows/versionSource.js'
import type { WorkflowCommands } from '../commands/workflows/workflowCommands.js'
import type { NodeTypes } from '../domain/nodes/nodeType.js'
import type { EventFeed } from '../eventlog/eventFeed.js'
import type { EventStore } from '../eventlog/eventStore.js'
import type { ProjectionOperations } from '../projections/operations/projectionOperations.js'
import type { ProjectionProgress } from '../projections/progress/projectionProgress.js'
import type { ReadTraffic } from '../projections/progress/readTraffic.js'
import type { ReadModels } from '../projections/queries/readModels.js'
import type { SpanSink } from '../tracing/span.js'
import type { RateLimitOptions } from './middleware/rateLimit.js'

/** One thing that must be so before requests make sense: a store that answers, a projection that is caught up. */
export interface ReadinessCheck {
  readonly name: string
  readonly ready: boolean
  readonly detail?: string
}

export type Authenticator = Pick<ApiKeyAuthenticator, 'authenticate'>

/** Everything that the API calls. Each member is a facade of another room; nothing here knows how it is made. */
export interface HttpDependencies {
  /** The program's version, for the OpenAPI document. */
  readonly version: string
  readonly logger: Logger
  readonly clock: Clock
  readonly ids: IdSource
  /** Metrics of the whole process: http adds its own, `/metrics` prints them all. */
  readonly registry: Registry
  readonly nodeTypes: NodeTypes
  readonly authenticator: Authenticator
  readonly workflows: WorkflowCommands
  readonly versions: VersionSource
  readonly secrets: SecretCommands
  readonly apiKeys: ApiKeyCommands
  readonly executions: ExecutionCommands
  readonly startWebhook: StartByWebhook
  readonly store: EventStore
  readonly feed: EventFeed
  readonly reads: ReadModels
  readonly progress: Pick<ProjectionProgress, 'waitFor'>
  readonly readTraffic: Pick<ReadTraffic, 'read'>
  readonly projections: ProjectionOperations
  readonly audit: Audit
  /** What `/readyz` reports. Never rejects: what can't be reached is a check that is not ready. */
  readonly readiness: () => Promise<readonly ReadinessCheck[]>
  readonly rateLimit?: RateLimitOptions
  /** Where the requests' spans go, where they are traced. */
  readonly trace?: SpanSink
}

import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import type { Audit } from '../audit/createAudit.js'
import type { ApiKeyAuthenticator } from '../commands/apiKeys/apiKeyAuthenticator.js'
import type { ApiKeyCommands } from '../commands/apiKeys/apiKeyCommands.js'
import type { CommandContext } from '../commands/commandHandler.js'
import type { ExecutionCommands, ExecutionResult } from '../commands/executions/executionCommands.js'
import type { Clock, IdSource } from '../commands/ports.js'
import type { SecretCommands } from '../commands/secrets/secretCommands.js'
import type { VersionSource } from '../commands/workflows/versionSource.js'
import type { WorkflowCommands } from '../commands/workflows/workflowCommands.js'
import type { JsonValue } from '../domain/json.js'
import type { NodeTypes } from '../domain/nodes/nodeType.js'
import type { EventFeed } from '../eventlog/eventFeed.js'
import type { EventStore } from '../eventlog/eventStore.js'
import type { ProjectionOperations } from '../projections/operations/projectionOperations.js'
import type { ProjectionProgress } from '../projections/progress/projectionProgress.js'
import type { ReadModels } from '../projections/queries/readModels.js'
import type { RateLimitOptions } from './middleware/rateLimit.js'

/** One thing that must be so before requests make sense: a store that answers, a projection that is caught up. */
export interface ReadinessCheck {
  readonly name: string
  readonly ready: boolean
  readonly detail?: string
}

/** A request to `/hooks/<path>`. */
export interface WebhookCall {
  readonly method: string
  readonly path: string
  /** Lower case names; without those that hold credentials. */
  readonly headers: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, string>>
  readonly body: JsonValue
}

export interface WebhookStart {
  readonly execution: ExecutionResult
  /** What the trigger's config asks for: the answer at once, or the execution's output. */
  readonly respond: 'accepted' | 'result'
}

/** Starts the published workflow whose webhook trigger listens there; undefined where none does. */
export type StartWebhook = (context: CommandContext, call: WebhookCall) => Promise<WebhookStart | undefined>

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
  readonly startWebhook: StartWebhook
  readonly store: EventStore
  readonly feed: EventFeed
  readonly reads: ReadModels
  readonly progress: Pick<ProjectionProgress, 'waitFor'>
  readonly projections: ProjectionOperations
  readonly audit: Audit
  /** What `/readyz` reports. Never rejects: what can't be reached is a check that is not ready. */
  readonly readiness: () => Promise<readonly ReadinessCheck[]>
  readonly rateLimit?: RateLimitOptions
}

import type { EventStoreDBClient } from '@eventstore/db-client'
import type { ServiceIdentifier } from 'inversify'
import type { MongoClient } from 'mongodb'
import type { Pool } from 'pg'
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import type { Audit } from '../audit/createAudit.js'
import type { ApiKeyAuthenticator } from '../commands/apiKeys/apiKeyAuthenticator.js'
import type { ApiKeyCommands } from '../commands/apiKeys/apiKeyCommands.js'
import type { CommandHandler } from '../commands/commandHandler.js'
import type { Executions } from '../commands/executions/createExecutions.js'
import type { PublishedTriggers } from '../commands/executions/triggers/publishedTriggers.js'
import type { Clock, IdSource } from '../commands/ports.js'
import type { Keyring } from '../commands/secrets/keyring.js'
import type { SecretCommands } from '../commands/secrets/secretCommands.js'
import type { SecretReader } from '../commands/secrets/secretReader.js'
import type { VersionSource } from '../commands/workflows/versionSource.js'
import type { WorkflowCommands } from '../commands/workflows/workflowCommands.js'
import type { Config } from '../config.js'
import type { ExpressionEngine } from '../domain/expressions/expressionEngine.js'
import type { ExecutableNodeTypes } from '../domain/nodes/behaviour.js'
import type { EventFeed } from '../eventlog/eventFeed.js'
import type { EventStore } from '../eventlog/eventStore.js'
import type { WorkQueue } from '../eventlog/workQueue.js'
import type { Executor } from '../execution/createExecutor.js'
import type { NodeEvaluator } from '../execution/expressions/nodeEvaluator.js'
import type { OutboundHttp } from '../execution/outbound/outboundHttp.js'
import type { CodeSandbox } from '../execution/sandbox/codeSandbox.js'
import type { Scheduler } from '../execution/schedules/createScheduler.js'
import type { HttpDependencies } from '../http/dependencies.js'
import type { RunningProjectionOperations } from '../projections/operations/createProjectionOperations.js'
import type { ProjectionProgress } from '../projections/progress/projectionProgress.js'
import type { ReadTraffic } from '../projections/progress/readTraffic.js'
import type { ReadModels } from '../projections/queries/readModels.js'
import type { Tracing } from '../tracing/openTelemetry.js'
import type { Keys } from './keys.js'
import type { MeasuredLoad } from './measuredLoad.js'
import type { Stores } from './stores.js'

type CommandFacades = Pick<
  HttpDependencies,
  'startWebhook' | 'workflows' | 'versions' | 'secrets' | 'apiKeys' | 'executions'
>
type Telemetry = Pick<HttpDependencies, 'logger' | 'registry' | 'trace'>
type ReadSide = Pick<
  HttpDependencies,
  'store' | 'feed' | 'reads' | 'progress' | 'readTraffic' | 'projections' | 'audit'
>

const token = <T>(name: string): ServiceIdentifier<T> => Symbol(name)

/** What can be asked of the container. */
export const tokens = {
  config: token<Config>('config'),
  stores: token<Stores>('stores'),
  keys: token<Keys>('keys'),
  logger: token<Logger>('logger'),
  registry: token<Registry>('registry'),
  /** Undefined where nothing is traced. */
  tracing: token<Tracing | undefined>('tracing'),
  clock: token<Clock>('clock'),
  ids: token<IdSource>('ids'),

  logClient: token<EventStoreDBClient>('logClient'),
  store: token<EventStore>('store'),
  feed: token<EventFeed>('feed'),
  queue: token<WorkQueue>('queue'),
  pool: token<Pool>('pool'),
  mongo: token<MongoClient>('mongo'),

  engine: token<ExpressionEngine>('engine'),
  evaluator: token<NodeEvaluator>('evaluator'),
  outbound: token<OutboundHttp>('outbound'),
  sandbox: token<CodeSandbox>('sandbox'),
  nodeTypes: token<ExecutableNodeTypes>('nodeTypes'),

  handler: token<CommandHandler>('handler'),
  versions: token<VersionSource>('versions'),
  workflows: token<WorkflowCommands>('workflows'),
  keyring: token<Keyring>('keyring'),
  secrets: token<SecretCommands>('secrets'),
  secretReader: token<SecretReader>('secretReader'),
  apiKeys: token<ApiKeyCommands>('apiKeys'),
  authenticator: token<ApiKeyAuthenticator>('authenticator'),

  executions: token<Executions>('executions'),
  executor: token<Executor>('executor'),
  triggers: token<PublishedTriggers>('triggers'),
  scheduler: token<Scheduler>('scheduler'),

  reads: token<ReadModels>('reads'),
  progress: token<ProjectionProgress>('progress'),
  operations: token<RunningProjectionOperations>('operations'),
  load: token<MeasuredLoad>('load'),
  readTraffic: token<ReadTraffic>('readTraffic'),
  audit: token<Audit>('audit'),
  readiness: token<HttpDependencies['readiness']>('readiness'),
  commands: token<CommandFacades>('commands'),
  readSide: token<ReadSide>('readSide'),
  telemetry: token<Telemetry>('telemetry'),
  http: token<HttpDependencies>('http'),
} as const

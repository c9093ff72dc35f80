import type { MongoClient } from 'mongodb'
import type { Pool } from 'pg'
import { defaultMongoNames, type MongoNames } from '../mongo/names.js'
import { defaultSchemas } from '../postgres/names.js'
import { type ActivityQueries, createActivityQueries } from './activity.js'
import { type ApiKeyQueries, createApiKeyQueries } from './apiKeys.js'
import { createExecutionQueries, type ExecutionQueries } from './executions.js'
import { createOpenWorkQueries, type OpenWorkQueries } from './openWork.js'
import { createSecretQueries, type SecretQueries } from './secrets.js'
import { createVersionQueries, type VersionQueries } from './versions.js'
import { createWorkflowQueries, type WorkflowQueries } from './workflows.js'

/** All that can be read without the log. It may lag behind it: wait with ProjectionProgress where that matters. */
export interface ReadModels {
  readonly workflows: WorkflowQueries
  readonly versions: VersionQueries
  readonly secrets: SecretQueries
  readonly executions: ExecutionQueries
  readonly activity: ActivityQueries
  readonly apiKeys: ApiKeyQueries
  readonly openWork: OpenWorkQueries
}

export interface ReadModelDependencies {
  readonly pool: Pool
  readonly mongo: MongoClient
  /** The schema with the views. */
  readonly schema?: string
  readonly mongoNames?: MongoNames
}

export const createReadModels = (dependencies: ReadModelDependencies): ReadModels => {
  const { pool, mongo, schema = defaultSchemas.read, mongoNames = defaultMongoNames } = dependencies
  const read = { pool, schema }
  return {
    workflows: createWorkflowQueries(read),
    versions: createVersionQueries(mongo, mongoNames),
    secrets: createSecretQueries(read),
    executions: createExecutionQueries(read),
    activity: createActivityQueries(read),
    apiKeys: createApiKeyQueries(read),
    openWork: createOpenWorkQueries(read),
  }
}

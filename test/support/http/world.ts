import { pino } from 'pino'
import { Registry } from 'prom-client'
import { v7 as uuid } from 'uuid'
import { createAudit } from '../../../src/audit/createAudit.js'
import { createApiKeyAuthenticator } from '../../../src/commands/apiKeys/createApiKeyAuthenticator.js'
import { createApiKeyCommands } from '../../../src/commands/apiKeys/createApiKeyCommands.js'
import { createCommandHandler } from '../../../src/commands/eventStoreCommandHandler.js'
import { createExecutionCommands } from '../../../src/commands/executions/createExecutionCommands.js'
import { createLocalGate } from '../../../src/commands/executions/localGate.js'
import { createRunHub } from '../../../src/commands/executions/runHub.js'
import { createRunPlans } from '../../../src/commands/executions/runPlans.js'
import { createRunWriter } from '../../../src/commands/executions/runWriter.js'
import { createEndWaiter } from '../../../src/commands/executions/waitForEnd.js'
import { createSecretCommands, createSecretNames } from '../../../src/commands/secrets/createSecretCommands.js'
import { newMasterKey, parseMasterKey } from '../../../src/commands/secrets/envelope.js'
import { createKeyring } from '../../../src/commands/secrets/keyring.js'
import { createWorkflowCommands } from '../../../src/commands/workflows/createWorkflowCommands.js'
import { createVersionSource } from '../../../src/commands/workflows/versionSource.js'
import { type Scope, scopes } from '../../../src/domain/events/catalogue/apiKeys.js'
import type { ExecutableNodeTypes } from '../../../src/domain/nodes/behaviour.js'
import { createInMemoryLog, type InMemoryLog } from '../../../src/eventlog/inMemory/inMemoryLog.js'
import { createCelEngine } from '../../../src/execution/expressions/celEngine.js'
import { createHttpApp, type HttpApp } from '../../../src/http/createHttpApp.js'
import type { HttpDependencies } from '../../../src/http/dependencies.js'
import type { ReadModels } from '../../../src/projections/queries/readModels.js'
import { testContext } from '../commands/context.js'
import { createMemoryDataKeys } from '../commands/memoryDataKeys.js'
import { testNodeTypes } from '../execution/testNodeTypes.js'
import { memoryProjections } from './memoryProjections.js'
import { memoryReadModels } from './memoryReadModels.js'

export interface World {
  readonly app: HttpApp
  readonly log: InMemoryLog
  readonly dependencies: HttpDependencies
  /** A key with all scopes. */
  readonly key: string
  /** A key with only these scopes. */
  keyWith(...allowed: Scope[]): Promise<string>
  stop(): Promise<void>
}

const findWorkflowOf = (workflows: HttpDependencies['workflows']) => async (id: string) => {
  const loaded = await workflows.load(id)
  return loaded && { archived: loaded.workflow.archived, publishedVersion: loaded.workflow.publishedVersion }
}

/** The HTTP API over the real write side on a log in memory; read models are plain folds of it. */
export const startWorld = async (
  overrides: Partial<HttpDependencies> = {},
  sharedLog?: InMemoryLog,
): Promise<World> => {
  const log = sharedLog ?? createInMemoryLog()
  const clock = { now: () => new Date() }
  const ids = { next: () => uuid() }
  const handler = createCommandHandler({ store: log })
  const engine = createCelEngine()
  const nodeTypes: ExecutableNodeTypes = testNodeTypes()
  const versions = createVersionSource({ store: log })
  const secretNames = createSecretNames(handler)
  const workflows = createWorkflowCommands({ handler, versions, ids, nodeTypes, engine, secretNames })
  const keyring = createKeyring({ store: createMemoryDataKeys(), ids, masterKey: parseMasterKey(newMasterKey()) })
  const hub = createRunHub()
  const plans = createRunPlans({ versions, nodeTypes, engine })
  const runs = createRunWriter({ handler, plans, engine, hub })
  const gate = createLocalGate({ hub, countActive: async () => 0 })
  const waiter = createEndWaiter({ runs, hub, elsewhere: false })
  const findWorkflow = findWorkflowOf(workflows)
  const executions = createExecutionCommands({ runs, plans, findWorkflow, gate, admit: () => {}, waiter })
  const apiKeys = createApiKeyCommands({ handler, ids })
  const authenticator = createApiKeyAuthenticator({ handler, clock, feed: log })
  const dependencies: HttpDependencies = {
    version: '0.0.0',
    logger: pino({ level: 'silent' }),
    clock,
    ids,
    registry: new Registry(),
    nodeTypes,
    authenticator,
    workflows,
    versions,
    secrets: createSecretCommands({ handler, keyring }),
    apiKeys,
    executions,
    startWebhook: async () => undefined,
    store: log,
    feed: log,
    reads: memoryReadModels(log) as ReadModels,
    progress: {
      waitFor: async (_, position) => {
        const head = await log.head()
        return { reached: head !== null && head >= position, position: head }
      },
    },
    readTraffic: { read: () => undefined },
    projections: memoryProjections(),
    audit: createAudit({ store: log, feed: log }),
    readiness: async () => [{ name: 'log', ready: true }],
    ...overrides,
  }
  const keyWith = async (...allowed: Scope[]): Promise<string> => {
    const { key } = await apiKeys.issue(testContext(), { name: 'test', scopes: allowed })
    if (key === undefined) throw new Error('no key was issued')
    return key
  }
  const stop = async (): Promise<void> => {
    waiter.close()
    await gate.close()
    await authenticator.stop()
  }
  return { app: createHttpApp(dependencies), log, dependencies, key: await keyWith(...scopes), keyWith, stop }
}

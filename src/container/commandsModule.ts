import { ContainerModule } from 'inversify'
import { createApiKeyAuthenticator } from '../commands/apiKeys/createApiKeyAuthenticator.js'
import { createApiKeyCommands } from '../commands/apiKeys/createApiKeyCommands.js'
import { acceptChosenKey } from '../commands/apiKeys/firstKey.js'
import { createCommandHandler } from '../commands/eventStoreCommandHandler.js'
import { createSecretCommands, createSecretNames } from '../commands/secrets/createSecretCommands.js'
import { createSecretReader } from '../commands/secrets/createSecretReader.js'
import { parseMasterKey } from '../commands/secrets/envelope.js'
import { createKeyring } from '../commands/secrets/keyring.js'
import { postgresDataKeys } from '../commands/secrets/postgresDataKeys.js'
import { createWorkflowCommands } from '../commands/workflows/createWorkflowCommands.js'
import { createVersionSource } from '../commands/workflows/versionSource.js'
import { createCelEngine } from '../execution/expressions/celEngine.js'
import { createNodeEvaluator } from '../execution/expressions/nodeEvaluator.js'
import { createNodeTypes } from '../execution/nodeTypes/registry.js'
import { createOutboundHttp } from '../execution/outbound/outboundHttp.js'
import { createCodeSandbox } from '../execution/sandbox/codeSandbox.js'
import { provide } from './provide.js'
import { tokens as t } from './tokens.js'

/** What workflows are made of: the expression language and the node types, with what these reach out to. */
export const nodeTypesModule = new ContainerModule((options) => {
  provide(options, t.engine, [], () => createCelEngine())
  provide(
    options,
    t.evaluator,
    [t.engine],
    (engine) => createNodeEvaluator({ engine }),
    (evaluator) => evaluator.close(),
  )
  provide(
    options,
    t.outbound,
    [t.config],
    (config) => createOutboundHttp({ allowPrivateNetworks: config.ALLOW_PRIVATE_NETWORKS }),
    (outbound) => outbound.close(),
  )
  provide(
    options,
    t.sandbox,
    [],
    () => createCodeSandbox(),
    (sandbox) => sandbox.close(),
  )
  provide(options, t.nodeTypes, [t.outbound, t.sandbox], (http, sandbox) => createNodeTypes({ http, sandbox }))
})

/** The write side of workflows, secrets and API keys. */
export const commandsModule = new ContainerModule((options) => {
  provide(options, t.handler, [t.store], (store) => createCommandHandler({ store }))
  provide(options, t.versions, [t.store], (store) => createVersionSource({ store }))
  provide(
    options,
    t.workflows,
    [t.handler, t.versions, t.ids, t.nodeTypes, t.engine],
    (handler, versions, ids, nodeTypes, engine) =>
      createWorkflowCommands({ handler, versions, ids, nodeTypes, engine, secretNames: createSecretNames(handler) }),
  )
  provide(options, t.keyring, [t.pool, t.ids, t.keys], (pool, ids, { masterKey, otherMasterKeys }) =>
    createKeyring({
      store: postgresDataKeys(pool),
      ids,
      masterKey: parseMasterKey(masterKey),
      otherMasterKeys: otherMasterKeys.map(parseMasterKey),
    }),
  )
  provide(options, t.secrets, [t.handler, t.keyring], (handler, keyring) => createSecretCommands({ handler, keyring }))
  provide(options, t.secretReader, [t.handler, t.keyring], (handler, keyring) =>
    createSecretReader({ handler, keyring }),
  )
  provide(options, t.apiKeys, [t.handler, t.ids], (handler, ids) => createApiKeyCommands({ handler, ids }))
  provide(
    options,
    t.authenticator,
    [t.handler, t.clock, t.feed, t.logger, t.keys],
    (handler, clock, feed, logger, { apiKey }) => {
      const onError = (error: unknown) => logger.warn({ err: error }, 'the subscription to API keys was lost')
      const authenticator = createApiKeyAuthenticator({ handler, clock, feed, onError })
      return apiKey === undefined ? authenticator : acceptChosenKey(authenticator, apiKey)
    },
    (authenticator) => authenticator.stop(),
  )
})

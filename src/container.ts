import { Container } from 'inversify'
import type { Logger } from 'pino'
import { collectDefaultMetrics, Registry } from 'prom-client'
import { v7 as uuidv7 } from 'uuid'
import type { Config } from './config.js'
import { apiModule } from './container/apiModule.js'
import { commandsModule, nodeTypesModule } from './container/commandsModule.js'
import { executionsModule } from './container/executionsModule.js'
import type { Keys } from './container/keys.js'
import { readSideModule } from './container/readSideModule.js'
import type { Stores } from './container/stores.js'
import { storesModule } from './container/storesModule.js'
import { tokens } from './container/tokens.js'
import type { Tracing } from './tracing/openTelemetry.js'

export { loadKeys } from './container/keys.js'
export { startStores } from './container/stores.js'
export { tokens } from './container/tokens.js'

const createRegistry = (): Registry => {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  return registry
}

/** The composition root. Nothing is made before it is asked for, so a process has only what its roles need. */
export const createContainer = (started: {
  config: Config
  stores: Stores
  keys: Keys
  logger: Logger
  tracing?: Tracing | undefined
}): Container => {
  const container = new Container()
  container.bind(tokens.config).toConstantValue(started.config)
  container.bind(tokens.stores).toConstantValue(started.stores)
  container.bind(tokens.keys).toConstantValue(started.keys)
  container.bind(tokens.logger).toConstantValue(started.logger)
  container.bind(tokens.tracing).toConstantValue(started.tracing)
  container.bind(tokens.clock).toConstantValue({ now: () => new Date() })
  container.bind(tokens.ids).toConstantValue({ next: () => uuidv7() })
  container.bind(tokens.registry).toResolvedValue(createRegistry).inSingletonScope()
  container.load(storesModule, nodeTypesModule, commandsModule, executionsModule, readSideModule, apiModule)
  return container
}

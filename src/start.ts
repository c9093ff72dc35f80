import type { Logger } from 'pino'
import { migrateDataKeys } from './commands/secrets/postgresDataKeys.js'
import { type Config, isStandalone } from './config.js'
import { registerExecutorMetrics } from './container/executorMetrics.js'
import { createContainer, loadKeys, startStores, tokens } from './container.js'
import { firstStart } from './firstStart.js'
import { createHttpApp } from './http/createHttpApp.js'
import { startHttpServer } from './http/startHttpServer.js'
import { migrate } from './projections/postgres/migrate.js'
import { defaultSchemas } from './projections/postgres/names.js'
import { startProjectorWorker } from './projections/startProjectorWorker.js'
import type { Tracing } from './tracing/openTelemetry.js'
import { version } from './version.js'

export interface Flowledger {
  /** Rejects when the program can't go on: a store of its own, or its projector, has ended. */
  readonly failure: Promise<never>
  /** Stops accepting, lets what is under way end, writes the checkpoints, closes everything. */
  stop(): Promise<void>
}

/** Undoes what was done, in the opposite order; each part even where another one fails. */
const createUndo = (logger: Logger) => {
  const steps: (() => unknown)[] = []
  let undone: Promise<void> | undefined
  const undo = async () => {
    for (const step of steps.toReversed()) {
      try {
        await step()
      } catch (error) {
        logger.error({ err: error }, 'a part of the program did not stop as it should')
      }
    }
  }
  return {
    later: (step: () => unknown) => {
      steps.push(step)
    },
    all: () => {
      undone ??= undo()
      return undone
    },
  }
}

/** The library is loaded only where it is used. */
const startTracing = async (config: Config, logger: Logger): Promise<Tracing | undefined> => {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint } = config
  if (endpoint === undefined) return undefined
  const { createTracing } = await import('./tracing/openTelemetry.js')
  const undelivered = (reason: string): void => logger.warn({ reason }, 'spans could not be delivered')
  return createTracing({ endpoint, version, undelivered })
}

/** Starts what the roles of this process need. `print` shows a line to the person at the terminal. */
export const startFlowledger = async (
  config: Config,
  logger: Logger,
  print: (line: string) => void,
): Promise<Flowledger> => {
  const undo = createUndo(logger)
  let fail: (error: Error) => void = () => undefined
  const ended = new Promise<never>((_, reject) => {
    fail = reject
  })
  ended.catch(() => undefined)
  try {
    const stores = await startStores(config, (line) => logger.info(line))
    undo.later(() => stores.stop())
    const keys = await loadKeys(config, stores.directory)
    const tracing = await startTracing(config, logger)
    undo.later(() => tracing?.close())
    const container = createContainer({ config, stores, keys, logger, tracing })
    undo.later(() => container.unbindAllAsync())
    await migrateDataKeys(container.get(tokens.pool))
    await migrate(container.get(tokens.pool), defaultSchemas)
    const unopenable = await container.get(tokens.keyring).unopenable()
    if (unopenable > 0) {
      logger.warn(
        { workflows: unopenable },
        'the secrets of some workflows need another master key: give it, after a comma',
      )
    }

    if (config.ROLES.has('projector')) {
      const { eventStoreUrl: eventstoreUrl, postgresUrl, mongoUrl } = stores
      const log = (line: string) => logger.info(line)
      const projector = await startProjectorWorker({ eventstoreUrl, postgresUrl, mongoUrl }, log, fail)
      undo.later(() => projector.stop())
    }
    const progress = container.get(tokens.progress)
    undo.later(() => progress.stop())
    await progress.start()
    const operations = container.get(tokens.operations)
    undo.later(() => operations.stop())
    await operations.start()
    const load = container.get(tokens.load)
    undo.later(() => load.stop())
    load.start()

    const triggers = container.get(tokens.triggers)
    undo.later(() => triggers.stop())
    await triggers.start()
    if (config.ROLES.has('executor')) {
      const executor = container.get(tokens.executor)
      undo.later(() => executor.stop())
      executor.start()
      registerExecutorMetrics(container.get(tokens.registry), executor)
      const scheduler = container.get(tokens.scheduler)
      undo.later(() => scheduler.stop())
      scheduler.start()
    }
    if (config.ROLES.has('api')) {
      const greet = await firstStart({
        keys,
        feed: container.get(tokens.feed),
        apiKeys: container.get(tokens.apiKeys),
        workflows: container.get(tokens.workflows),
        withExample: isStandalone(config),
      })
      const traffic = container.get(tokens.readTraffic)
      undo.later(() => traffic.stop())
      traffic.start()
      const { HOST: host, PORT: port } = config
      const server = await startHttpServer(createHttpApp(container.get(tokens.http)), { host, port })
      undo.later(() => server.stop())
      greet(server.url, print)
    } else {
      print(`Flowledger runs as ${[...config.ROLES].join(', ')}`)
    }
    return { failure: Promise.race([stores.failure, ended]), stop: undo.all }
  } catch (error) {
    await undo.all()
    throw error
  }
}

import { ContainerModule } from 'inversify'
import { createProjectionOperationCommands } from '../commands/projectionOperations/projectionOperationCommands.js'
import { projections } from '../projections/definitions/index.js'
import { createProjectionOperations } from '../projections/operations/createProjectionOperations.js'
import { createProjectionProgress } from '../projections/progress/projectionProgress.js'
import { createReadTraffic } from '../projections/progress/readTraffic.js'
import { createReadModels } from '../projections/queries/readModels.js'
import { createMeasuredLoad } from './measuredLoad.js'
import { provide } from './provide.js'
import { tokens as t } from './tokens.js'

/** Read models, how far they are, and what operators do with them. */
export const readSideModule = new ContainerModule((options) => {
  provide(options, t.reads, [t.pool, t.mongo], (pool, mongo) => createReadModels({ pool, mongo }))
  provide(
    options,
    t.progress,
    [t.stores, t.pool, t.mongo, t.logger],
    ({ postgresUrl }, pool, mongo, logger) =>
      createProjectionProgress({ postgresUrl, pool, mongo, projections, log: (line) => logger.info(line) }),
    (progress) => progress.stop(),
  )
  provide(
    options,
    t.operations,
    [t.stores, t.pool, t.mongo, t.feed, t.store, t.handler, t.logger],
    ({ postgresUrl }, pool, mongo, feed, streams, handler, logger) =>
      createProjectionOperations({
        postgresUrl,
        pool,
        mongo,
        feed,
        streams,
        projections,
        record: createProjectionOperationCommands({ handler }).record,
        log: (line) => logger.info(line),
      }),
    (operations) => operations.stop(),
  )
  provide(
    options,
    t.readTraffic,
    [t.pool, t.logger],
    (pool, logger) => createReadTraffic({ pool, log: (line) => logger.info(line) }),
    (traffic) => traffic.stop(),
  )
  provide(options, t.load, [t.operations], createMeasuredLoad, (load) => load.stop())
})

import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { ContainerModule } from 'inversify'
import { createBackPressure } from '../commands/executions/backPressure.js'
import { createExecutions } from '../commands/executions/createExecutions.js'
import { createPublishedTriggers } from '../commands/executions/triggers/publishedTriggers.js'
import type { Config } from '../config.js'
import { workflowAggregate } from '../domain/workflow/aggregate.js'
import { createExecutor } from '../execution/createExecutor.js'
import { createScheduler } from '../execution/schedules/createScheduler.js'
import { runSpans } from '../tracing/runSpans.js'
import { provide } from './provide.js'
import { tokens as t } from './tokens.js'

/** No other process can execute runs of this log: it is embedded here. */
const isSole = ({ EVENTSTORE_URL, ROLES }: Config): boolean => EVENTSTORE_URL === undefined && ROLES.has('executor')

/** What is published may change under a start; what was current so long ago is good enough. */
const workflowAgeMs = 1_000

/** How long the first start of a limited workflow waits for read models that know what an earlier process did. */
const countFreshMs = 5_000

/** Runs: what can be done with them, and who carries them out. */
export const executionsModule = new ContainerModule((options) => {
  provide(
    options,
    t.executions,
    [t.handler, t.versions, t.nodeTypes, t.engine, t.reads, t.progress, t.load, t.feed, t.logger, t.config, t.tracing],
    (handler, versions, nodeTypes, engine, reads, progress, load, feed, logger, config, tracing) => {
      const executions = createExecutions({
        handler,
        versions,
        findWorkflow: async (id) => (await handler.load(workflowAggregate, id, { maxAgeMs: workflowAgeMs })).state,
        nodeTypes,
        engine,
        countActive: async (id) => {
          const head = await feed.head()
          if (head !== null) await progress.waitFor('executions', head, countFreshMs)
          return reads.openWork.activeRuns(id)
        },
        admit: createBackPressure(load),
        elsewhere: !isSole(config),
        feed,
        unexpected: (error) => logger.error({ err: error }, 'the runs of limited workflows could not be followed'),
      })
      if (tracing !== undefined)
        executions.hub.listen(({ state, events }) => {
          for (const span of runSpans(state, events)) tracing.send(span)
        })
      return executions
    },
    (executions) => executions.close(),
  )
  provide(
    options,
    t.executor,
    [t.executions, t.queue, t.feed, t.reads, t.secretReader, t.evaluator, t.clock, t.logger, t.config, t.tracing],
    ({ runs, plans, hub, gate, startChild }, queue, feed, reads, secrets, evaluator, clock, logger, config, tracing) =>
      createExecutor({
        name: `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`,
        runs,
        plans,
        hub,
        gate,
        startChild,
        queue,
        feed,
        openWork: reads.openWork,
        secrets,
        evaluator,
        clock,
        // Nobody lists commands by id, and random ids cost far less than ordered ones.
        ids: { next: randomUUID },
        unexpected: (error) => logger.error({ err: error }, 'the executor met an error that it did not expect'),
        sole: isSole(config),
        traces: tracing !== undefined,
      }),
  )
  provide(
    options,
    t.triggers,
    [t.feed, t.versions, t.logger],
    (feed, versions, logger) =>
      createPublishedTriggers({
        feed,
        versions,
        unexpected: (error) => logger.error({ err: error }, 'the published triggers could not be followed'),
      }),
    (triggers) => triggers.stop(),
  )
  provide(
    options,
    t.scheduler,
    [t.triggers, t.executions, t.reads, t.clock, t.logger],
    (triggers, { runs, startChild }, reads, clock, logger) =>
      createScheduler({
        triggers,
        runs,
        openWork: reads.openWork,
        start: startChild,
        clock,
        unexpected: (error) => logger.error({ err: error }, 'a scheduled run could not be started'),
      }),
  )
})

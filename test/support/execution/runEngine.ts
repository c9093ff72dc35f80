import { randomUUID } from 'node:crypto'
import { v7 as uuidv7 } from 'uuid'
import type { CommandContext } from '../../../src/commands/commandHandler.js'
import { createCommandHandler } from '../../../src/commands/eventStoreCommandHandler.js'
import { createExecutions } from '../../../src/commands/executions/createExecutions.js'
import type { ExecutionCommands } from '../../../src/commands/executions/executionCommands.js'
import type { RunHub } from '../../../src/commands/executions/runHub.js'
import type { RunWriter } from '../../../src/commands/executions/runWriter.js'
import type { AdmitStart } from '../../../src/commands/executions/startExecution.js'
import type { Definition } from '../../../src/domain/definition.js'
import type { PinnedVersion } from '../../../src/domain/definitionSource.js'
import type { ExecutionState } from '../../../src/domain/execution/executionState.js'
import { getIn } from '../../../src/domain/execution/persistentMap.js'
import { resolveConfig } from '../../../src/domain/expressions/templates.js'
import type { JsonValue } from '../../../src/domain/json.js'
import type { ExecutableNodeTypes } from '../../../src/domain/nodes/behaviour.js'
import type { EventFeed } from '../../../src/eventlog/eventFeed.js'
import type { EventStore } from '../../../src/eventlog/eventStore.js'
import { createInMemoryLog, type InMemoryLog } from '../../../src/eventlog/inMemory/inMemoryLog.js'
import type { WorkQueue } from '../../../src/eventlog/workQueue.js'
import { createExecutor, type Executor } from '../../../src/execution/createExecutor.js'
import type { NodeEvaluator } from '../../../src/execution/expressions/nodeEvaluator.js'
import type { OpenWork } from '../../../src/execution/openWork.js'
import { idOf } from './definitions.js'
import { openWorkOfLog } from './openWorkOfLog.js'
import { engine, testActor } from './pureRun.js'
import { testNodeTypes } from './testNodeTypes.js'

/** Published test workflows by name; `idOf(name)` is the workflow's id. */
export type Workflows = Readonly<Record<string, Definition>>

/** Evaluates where it stands: tests of threads are elsewhere. */
export const directEvaluator: Pick<NodeEvaluator, 'decide' | 'plan' | 'resolve'> = {
  decide: async (type, config, scope) => type.evaluate(config, scope, engine),
  plan: async (type, config, scope, now) => type.plan(config, scope, engine, now),
  resolve: async (type, config, scope) => resolveConfig(type, config, scope, engine),
}

export interface RunEngineOptions {
  readonly workflows: Workflows
  readonly log?: InMemoryLog
  /** What the engine writes to and reads from, where that is not the log itself. */
  readonly store?: EventStore
  readonly queue?: WorkQueue
  readonly feed?: Pick<EventFeed, 'subscribe' | 'head'>
  readonly openWork?: OpenWork
  readonly nodeTypes?: ExecutableNodeTypes
  readonly name?: string
  readonly sole?: boolean
  readonly concurrency?: number
  readonly scanMs?: number
  readonly stopGraceMs?: number
  readonly leaseGraceMs?: number
  readonly secrets?: Readonly<Record<string, string>>
  readonly evaluator?: Pick<NodeEvaluator, 'decide' | 'plan' | 'resolve'>
  /** Asked before every start from outside. */
  readonly admit?: AdmitStart
  /** Without an executor: only the commands. */
  readonly executes?: boolean
}

export interface RunEngine {
  readonly log: InMemoryLog
  readonly commands: ExecutionCommands
  readonly runs: RunWriter
  readonly hub: RunHub
  readonly executor: Executor
  readonly unexpected: unknown[]
  context(): CommandContext
  start(workflow: string, input?: JsonValue): Promise<ExecutionState>
  /** Starts a run and waits for its end. */
  run(workflow: string, input?: JsonValue): Promise<ExecutionState>
  end(executionId: string, timeoutMs?: number): Promise<ExecutionState>
  /** Waits until the state is as told. */
  until(executionId: string, isSo: (state: ExecutionState) => boolean): Promise<ExecutionState>
  stop(): Promise<void>
}

export const stepOf = (state: ExecutionState, key: string) => getIn(state.nodes, idOf(key))

const versionsOf = (workflows: Workflows) => {
  const byId = new Map<string, PinnedVersion>(
    Object.entries(workflows).map(([name, definition]) => [
      idOf(name),
      { workflowId: idOf(name), number: 1, versionId: idOf(`${name} 1`), contentHash: name, definition },
    ]),
  )
  return {
    find: async (workflowId: string) => (byId.has(workflowId) ? { archived: false, publishedVersion: 1 } : undefined),
    loadVersion: async (workflowId: string, number: number) => (number === 1 ? byId.get(workflowId) : undefined),
  }
}

/** The write side and an executor of one process, over an in-memory log. */
export const createRunEngine = (options: RunEngineOptions): RunEngine => {
  const { workflows, nodeTypes = testNodeTypes(), sole = true, name = `executor-${uuidv7()}` } = options
  const log = options.log ?? createInMemoryLog()
  const store = options.store ?? log
  const versions = versionsOf(workflows)
  const openWork = options.openWork ?? openWorkOfLog(() => log.events)
  const unexpected: unknown[] = []
  const executions = createExecutions({
    handler: createCommandHandler({ store }),
    versions,
    findWorkflow: versions.find,
    nodeTypes,
    engine,
    countActive: openWork.activeRuns,
    admit: options.admit ?? (() => undefined),
    elsewhere: !sole,
    feed: options.feed ?? log,
    unexpected: (error) => unexpected.push(error),
  })
  const { commands, runs, hub } = executions
  const executor = createExecutor({
    ...executions,
    name,
    queue: options.queue ?? log,
    feed: options.feed ?? log,
    openWork,
    secrets: {
      read: async (_, names) => Object.fromEntries(names.map((secret) => [secret, options.secrets?.[secret] ?? ''])),
    },
    evaluator: options.evaluator ?? directEvaluator,
    clock: { now: () => new Date() },
    ids: { next: randomUUID },
    unexpected: (error) => unexpected.push(error),
    sole,
    scanMs: options.scanMs ?? 1_000,
    stopGraceMs: options.stopGraceMs ?? 1_000,
    ...(options.concurrency === undefined ? {} : { concurrency: options.concurrency }),
    ...(options.leaseGraceMs === undefined ? {} : { leaseGraceMs: options.leaseGraceMs }),
  })
  if (options.executes !== false) executor.start()

  const context = (): CommandContext => {
    const commandId = uuidv7()
    return {
      commandId,
      actor: testActor,
      now: new Date().toISOString(),
      correlationId: commandId,
      causationId: commandId,
    }
  }
  const self: RunEngine = {
    log,
    commands,
    runs,
    hub,
    executor,
    unexpected,
    context,
    start: async (workflow, input = null) =>
      (await commands.start(context(), { workflowId: idOf(workflow), input })).state,
    run: async (workflow, input = null) => self.end((await self.start(workflow, input)).executionId),
    end: async (executionId, timeoutMs = 10_000) => (await commands.waitForEnd(executionId, timeoutMs)).state,
    until: async (executionId, isSo) => {
      const deadline = performance.now() + 10_000
      for (;;) {
        const { state } = await commands.load(executionId)
        if (isSo(state)) return state
        if (performance.now() > deadline) throw new Error(`still ${JSON.stringify(state.phase)} after 10 s`)
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    },
    stop: async () => {
      await executor.stop()
      await executions.close()
    },
  }
  return self
}

import { setTimeout as delay } from 'node:timers/promises'
import { v5 as uuidv5 } from 'uuid'
import { FlowledgerError } from '../../src/domain/errors.js'
import type { ExecutionState } from '../../src/domain/execution/executionState.js'
import { valuesOf } from '../../src/domain/execution/persistentMap.js'
import type { JsonValue } from '../../src/domain/json.js'
import { type ExecutableNodeTypes, NodeFailure } from '../../src/domain/nodes/behaviour.js'
import { createNodeTypes } from '../../src/execution/nodeTypes/registry.js'
import { createOutboundHttp } from '../../src/execution/outbound/outboundHttp.js'
import { createCodeSandbox } from '../../src/execution/sandbox/codeSandbox.js'
import { idOf } from '../support/execution/definitions.js'
import { testActor } from '../support/execution/pureRun.js'
import type { RunEngine, Workflows } from '../support/execution/runEngine.js'
import { effectType } from '../support/execution/testNodeTypes.js'
import type { CorpusRun } from './corpusRun.js'

const namespace = '0b9a7a0e-6f0f-4f0c-8a8e-1d6c3f0f7a11'

/** A call that a side effect made, as the outbound log keeps it. */
export interface OutboundCall {
  readonly key: string
  readonly attempt: number
}

export interface CorpusNodeTypes {
  readonly nodeTypes: ExecutableNodeTypes
  close(): Promise<void>
}

const givenUp = new NodeFailure({ class: 'aborted', code: 'given_up', message: 'it was aborted' })

/** The real node types, and an effect that tells the outbound log first, then does what its config says. */
export const corpusNodeTypes = (outbound: (call: OutboundCall) => void): CorpusNodeTypes => {
  const http = createOutboundHttp({ allowPrivateNetworks: true })
  const sandbox = createCodeSandbox({ threads: 1 })
  const effect = effectType(async ({ config, nodeKey, attempt, idempotencyKey, signal }) => {
    outbound({ key: idempotencyKey, attempt })
    if (config.hang === true) await new Promise((_, reject) => signal.addEventListener('abort', () => reject(givenUp)))
    if (typeof config.failUntil === 'number' && attempt < config.failUntil) {
      throw new NodeFailure({ class: 'test', code: 'not_yet', message: `attempt ${attempt}` })
    }
    return nodeKey
  })
  return {
    nodeTypes: createNodeTypes({ http, sandbox, others: [effect] }),
    close: async () => {
      await http.close()
      await sandbox.close()
    },
  }
}

export const workflowsOf = (runs: readonly CorpusRun[]): Workflows =>
  Object.assign({}, ...runs.map(({ name, definition, children }) => ({ [name]: definition, ...children })))

export const corpusRunId = ({ name }: CorpusRun): string => uuidv5(`run ${name}`, namespace)

const isFinal = ({ outcome }: CorpusRun, state: ExecutionState): boolean =>
  state.phase === 'ended' && (state.outcome === outcome || state.outcome !== 'failed')

/** Whoever acts on a run may come too late for it: its state was read before. */
const unlessEnding = (error: unknown): void => {
  if (error instanceof FlowledgerError && (error.code === 'execution_ending' || error.code === 'execution_ended'))
    return
  throw error
}

/** Everybody who acts on runs from outside, in one: starts it, does its actions, and answers doubts. */
export const driveCorpusRun = async (engine: RunEngine, run: CorpusRun): Promise<ExecutionState> => {
  const executionId = corpusRunId(run)
  const contextOf = (label: string) => ({
    ...engine.context(),
    commandId: uuidv5(label, executionId),
    actor: testActor,
    requestHash: label,
  })
  await engine.commands.start(contextOf('start'), {
    workflowId: idOf(run.name),
    executionId,
    input: run.input ?? null,
    ...(run.trigger === undefined ? {} : { trigger: run.trigger }),
  })
  for (let round = 0; ; round += 1) {
    const { state } = await engine.commands.load(executionId)
    if (isFinal(run, state)) return state
    if (round > 4_000)
      throw new Error(
        `${run.name} does not end: ${JSON.stringify([...valuesOf(state.nodes)].map(({ key, status }) => [key, status]))}`,
      )
    for (const { label, when, act } of run.actions ?? []) {
      if (when(state)) await act(engine, contextOf(label), executionId).catch(unlessEnding)
    }
    for (const node of valuesOf(state.nodes)) {
      if (node.status !== 'inDoubt' || state.phase !== 'active') continue
      const resolution = { action: 'complete', output: node.key as JsonValue, reason: 'it was looked up' } as const
      await engine.commands
        .resolveStep(contextOf(`doubt ${node.key} ${node.attempts}`), {
          executionId,
          nodeId: node.nodeId,
          ...resolution,
        })
        .catch(unlessEnding)
    }
    await delay(2)
  }
}

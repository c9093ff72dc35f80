import { v5 as uuidv5 } from 'uuid'
import type { PinnedSubworkflow } from '../../domain/definition.js'
import { conflict, FlowledgerError, invalid, notFound } from '../../domain/errors.js'
import { decideStart } from '../../domain/execution/decide/startRun.js'
import { jsonBytes } from '../../domain/execution/jsonSize.js'
import { runLimits } from '../../domain/execution/limits.js'
import type { PlannedNode, RunPlan } from '../../domain/execution/runPlan.js'
import type { JsonValue } from '../../domain/json.js'
import type { CommandContext } from '../commandHandler.js'
import type { ConcurrencyGate } from './concurrency.js'
import type { ExecutionResult, StartExecution } from './executionCommands.js'
import type { RunnableVersion, RunPlans } from './runPlans.js'
import type { RunWriter } from './runWriter.js'
import { answerOfBefore } from './startedBefore.js'

/** What a start needs to know of its workflow. Undefined where there is none. */
export type FindWorkflow = (workflowId: string) => Promise<
  | {
      readonly archived: boolean
      readonly publishedVersion: number | null
      /** Pinned with the published version. */
      readonly publishedSubworkflows?: readonly PinnedSubworkflow[]
    }
  | undefined
>

/** Asked before every start from outside; throws FlowledgerError `overloaded` with `retryAfterSeconds`. */
export type AdmitStart = () => void

export interface StartDependencies {
  readonly runs: RunWriter
  readonly plans: RunPlans
  readonly findWorkflow: FindWorkflow
  readonly gate: ConcurrencyGate
  readonly admit: AdmitStart
}

const versionToStart = async (
  { plans, findWorkflow }: StartDependencies,
  { workflowId, version, parent }: StartExecution,
): Promise<RunnableVersion & { readonly subworkflows: readonly PinnedSubworkflow[] }> => {
  const workflow = await findWorkflow(workflowId)
  if (workflow === undefined) throw notFound('workflow_not_found', `There is no workflow ${workflowId}.`)
  if (workflow.archived) throw conflict('workflow_archived', 'The workflow is archived.')
  // A child run keeps to the version that its parent names, whatever has been published since.
  const isPinned = parent !== undefined && version !== undefined
  if (workflow.publishedVersion === null && !isPinned) {
    throw conflict('not_published', 'No version of the workflow is published.')
  }
  const number = version ?? workflow.publishedVersion
  const runnable = number === null ? undefined : await plans.load(workflowId, number)
  if (runnable === undefined) throw notFound('version_not_found', `The workflow has no version ${number}.`)
  if (runnable.pinned.findings?.some(({ severity }) => severity === 'error')) {
    throw conflict('version_invalid', `Version ${number} has errors, so it can't be started.`)
  }
  const subworkflows = number === workflow.publishedVersion ? (workflow.publishedSubworkflows ?? []) : []
  return { ...runnable, subworkflows }
}

const triggerOf = (plan: RunPlan, wanted: string | undefined): PlannedNode => {
  const triggers = plan.nodes.filter(({ mode }) => mode === 'trigger')
  if (wanted !== undefined) {
    const found = triggers.find(({ node }) => node.id === wanted || node.key === wanted)
    if (found === undefined) {
      const detail = `The version has no trigger ${wanted}.`
      throw invalid('trigger_not_found', detail, [{ pointer: '/trigger', code: 'trigger_not_found', detail }])
    }
    return found
  }
  const manual = triggers.filter(({ node }) => node.type === 'trigger.manual')
  const [only, ...others] = manual.length > 0 ? manual : triggers
  if (only === undefined || others.length > 0) {
    throw conflict('ambiguous_trigger', 'The version has several triggers: name the one to start with.')
  }
  return only
}

const checkInput = ({ type, node }: PlannedNode, input: JsonValue): void => {
  if (jsonBytes(input, runLimits.input) > runLimits.input) {
    throw new FlowledgerError('tooLarge', 'input_too_large', `The input may have ${runLimits.input} bytes.`)
  }
  if (type.kind !== 'trigger') return
  try {
    type.checkInput?.(node.config, input)
  } catch (error) {
    // The node type points into the input; who sent it wants to know where that is in the request.
    if (!(error instanceof FlowledgerError)) throw error
    const errors = error.errors.map((found) => ({ ...found, pointer: `/input${found.pointer}` }))
    throw new FlowledgerError(error.kind, error.code, error.message, errors, error.details)
  }
}

/** A run is started in place of one of its own workflow. */
const checkOrigin = async (runs: RunWriter, workflowId: string, executionId: string): Promise<void> => {
  const found = await runs.find(executionId)
  if (found?.state.workflowId === workflowId) return
  const detail = `The workflow has no execution ${executionId}.`
  throw invalid('origin_not_found', detail, [{ pointer: '/origin', code: 'origin_not_found', detail }])
}

/** Ids of runs: derived from the workflow and the command, so a repeated start finds the run that it started. */
export const executionIdFor = (workflowId: string, commandId: string): string => uuidv5(commandId, workflowId)

/** A start that was repeated or failed has taken a place that only a run under way may keep. */
const giveBackIfEnded = async ({ runs, gate }: StartDependencies, workflowId: string, executionId: string) => {
  const isActive = await runs.load(executionId).then(
    ({ state }) => state.phase === 'active',
    () => false,
  )
  if (!isActive) gate.leave(workflowId, executionId)
}

const carryOut = async (
  dependencies: StartDependencies,
  context: CommandContext,
  request: StartExecution,
  executionId: string,
): Promise<ExecutionResult> => {
  const { runs, gate } = dependencies
  const { workflowId, input = null, parent, origin } = request
  if (parent === undefined) dependencies.admit()
  const { pinned, plan, subworkflows } = await versionToStart(dependencies, request)
  const trigger = triggerOf(plan, request.trigger)
  checkInput(trigger, input)
  if (origin !== undefined) await checkOrigin(runs, workflowId, origin.executionId)
  const { settings } = plan.definition
  const queued = request.queued === true || (await gate.enter(workflowId, executionId, settings)) === 'queue'
  const started = {
    executionId,
    workflowId,
    version: pinned.number,
    versionId: pinned.versionId,
    contentHash: pinned.contentHash,
    trigger: { nodeId: trigger.node.id, key: trigger.node.key, type: trigger.node.type },
    input,
    queued,
    ...(parent === undefined ? undefined : { parent }),
    ...(origin === undefined ? undefined : { origin }),
    ...(subworkflows.length === 0 ? undefined : { subworkflows: [...subworkflows] }),
  }
  try {
    const result = await runs.begin(executionId, context, plan, (state, _, env) => {
      if (state.phase !== 'absent') throw conflict('execution_exists', `Execution ${executionId} exists.`)
      return decideStart(started, plan, env)
    })
    if (result.replayed && !queued) await giveBackIfEnded(dependencies, workflowId, executionId)
    return result
  } catch (error) {
    if (!queued) await giveBackIfEnded(dependencies, workflowId, executionId)
    throw error
  }
}

export const startExecution = async (
  dependencies: StartDependencies,
  context: CommandContext,
  request: StartExecution,
): Promise<ExecutionResult> => {
  const executionId = request.executionId ?? executionIdFor(request.workflowId, context.commandId)
  return carryOut(dependencies, context, request, executionId).catch((refusal: unknown) =>
    answerOfBefore(dependencies, context, executionId, refusal),
  )
}

import { conflict, invalid, notFound } from '../../errors.js'
import type { EventData } from '../../events/catalogue/index.js'
import type { JsonValue } from '../../json.js'
import { advanceFrom, runNode } from '../advance.js'
import { completeNode } from '../completeNode.js'
import type { ExecutionState } from '../executionState.js'
import { failForGood } from '../nodeFailures.js'
import {
  beginRun,
  decisionOf,
  emit,
  mayAdvance,
  nodeFields,
  nodeState,
  type RunDecision,
  type RunEnvironment,
} from '../run.js'
import type { PlannedNode, RunPlan } from '../runPlan.js'
import { refuseEndedOrEnding } from './controls.js'

export interface StepResolution {
  readonly nodeId: string
  readonly action: EventData<'NodeResolved'>['action']
  readonly output?: JsonValue
  readonly reason: string
}

/** `out` where the node has it; else the one that the output names. Nobody guesses which way a run goes on. */
const portFor = ({ ports }: PlannedNode, output: JsonValue): string => {
  if (ports.includes('out')) return 'out'
  const named = ports.find((port) => port === String(output))
  if (named !== undefined) return named
  const detail = `The output must name the port by which the run goes on: ${ports.join(', ')}.`
  throw invalid('port_not_named', detail, [{ pointer: '/output', code: 'port_not_named', detail }])
}

/** An operator decides about a step that is held or in doubt; each decision is recorded with its reason. */
export const decideResolution = (
  state: ExecutionState,
  plan: RunPlan,
  env: RunEnvironment,
  { nodeId, action, output, reason }: StepResolution,
): RunDecision => {
  refuseEndedOrEnding(state)
  const planned = plan.byId.get(nodeId)
  if (planned === undefined) throw notFound('step_not_found', 'The run has no such step.')
  const run = beginRun(state, plan, env)
  const node = nodeState(run, nodeId)
  if (node === undefined || (node.status !== 'held' && node.status !== 'inDoubt')) {
    throw conflict(
      'step_not_resolvable',
      `The step is ${node?.status ?? 'pending'}; only one that is held or in doubt can be resolved.`,
    )
  }
  const { inputFrom, attempts } = node
  const fields = nodeFields(planned)
  const value = output ?? null
  emit(run, {
    type: 'NodeResolved',
    data: { ...fields, action, reason, ...(action === 'complete' ? { output: value } : undefined) },
  })
  if (action === 'complete') completeNode(run, planned, inputFrom, { output: value, ports: [portFor(planned, value)] })
  else if (action === 'skip') emit(run, { type: 'NodeSkipped', data: { ...fields, deadEdges: [] } })
  else if (action === 'fail') {
    // What an attempt before the one in doubt failed with is not what this one did.
    const known = node.status === 'held' ? node.error : undefined
    const error = known ?? { class: 'operator', code: 'failed_by_operator', message: reason }
    const policy = planned.policy.onError
    const handling = planned.connected.has('error') ? 'errorPort' : policy === 'continue' ? 'continue' : 'failRun'
    failForGood(run, planned, inputFrom, error, handling, attempts > 0 ? attempts : undefined)
  } else if (mayAdvance(run.state)) runNode(run, planned, inputFrom)
  advanceFrom(run, [nodeId])
  return decisionOf(run)
}

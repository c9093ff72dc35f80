import type { ExecutionEvent } from '../events/catalogue/index.js'
import type { Actor } from '../events/metadata.js'
import type { ExpressionEngine } from '../expressions/expressionEngine.js'
import { withBudget } from '../expressions/inline.js'
import { applyTo } from './evolveExecution.js'
import type { ExecutionState, NodeState } from './executionState.js'
import { runLimits } from './limits.js'
import { getIn } from './persistentMap.js'
import type { PlannedNode, RunPlan } from './runPlan.js'
import { draftOf, type StateDraft } from './stateDraft.js'

/** What a decision about a run takes from outside. It comes in with the command, so deciding again decides the same. */
export interface RunEnvironment {
  readonly engine: ExpressionEngine
  /** ISO time of the command. */
  readonly now: string
  readonly actor: Actor
  /** 0 (inclusive) to 1, for the jitter of retries. */
  readonly random: number
  /** Attempts that may be claimed in the same append, and by whom. Without it what is ready is only scheduled. */
  readonly claim?: { readonly executor: string; readonly slots: number; readonly graceMs: number }
}

/** A decision in the making: the events so far, and the state with them. */
export interface Run {
  readonly plan: RunPlan
  readonly env: RunEnvironment
  readonly events: ExecutionEvent[]
  readonly state: StateDraft
  /** About how many bytes the append will have. */
  bytes: number
  claimed: number
}

export const beginRun = (state: ExecutionState, plan: RunPlan, env: RunEnvironment): Run => ({
  plan,
  env: { ...env, engine: withBudget(env.engine) },
  events: [],
  state: draftOf(state),
  bytes: 0,
  claimed: 0,
})

/** Adds an event. `payloadBytes`: what it carries beside its fixed fields. */
export const emit = (run: Run, event: ExecutionEvent, payloadBytes = 0): void => {
  run.events.push(event)
  run.bytes += runLimits.eventOverhead + payloadBytes
  applyTo(run.state, event, { at: run.env.now, actor: run.env.actor })
}

/**
 * Whether the append should end here. What was emitted so far is a state from which advancing goes on; it is asked only
 * between nodes, never inside what belongs together.
 */
export const isFull = (run: Run): boolean => run.bytes >= runLimits.append

/** The events of a command. `cut`: more follows at once, by advancing the state that they lead to. */
export interface RunDecision {
  readonly events: readonly ExecutionEvent[]
  readonly cut: boolean
}

/** Whether nodes may be decided or started now. */
export const mayAdvance = ({ phase, paused, ending }: ExecutionState): boolean =>
  phase === 'active' && !paused && ending === undefined

export const nothingToDo: RunDecision = { events: [], cut: false }

export const decisionOf = (run: Run): RunDecision => ({
  events: run.events,
  cut: isFull(run) && run.state.phase !== 'ended',
})

export const nodeState = (run: Run, nodeId: string): NodeState | undefined => getIn(run.state.nodes, nodeId)

export const nodeFields = ({ node }: PlannedNode): { nodeId: string; key: string; nodeType: string } => ({
  nodeId: node.id,
  key: node.key,
  nodeType: node.type,
})

/** Milliseconds after `now`, as ISO time. */
export const later = (now: string, milliseconds: number): string =>
  new Date(Date.parse(now) + milliseconds).toISOString()

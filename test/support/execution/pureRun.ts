import type { Definition } from '../../../src/domain/definition.js'
import type { ExecutionEvent } from '../../../src/domain/events/catalogue/index.js'
import type { Actor } from '../../../src/domain/events/metadata.js'
import { decideContinue } from '../../../src/domain/execution/decide/controls.js'
import { decideStart } from '../../../src/domain/execution/decide/startRun.js'
import { applyTo } from '../../../src/domain/execution/evolveExecution.js'
import { absentExecution, type ExecutionState, type NodeState } from '../../../src/domain/execution/executionState.js'
import { getIn } from '../../../src/domain/execution/persistentMap.js'
import type { RunDecision, RunEnvironment } from '../../../src/domain/execution/run.js'
import { planRun, type RunPlan } from '../../../src/domain/execution/runPlan.js'
import { draftOf, stateOf } from '../../../src/domain/execution/stateDraft.js'
import type { JsonValue } from '../../../src/domain/json.js'
import type { ExecutableNodeTypes } from '../../../src/domain/nodes/behaviour.js'
import { createCelEngine } from '../../../src/execution/expressions/celEngine.js'
import { idOf } from './definitions.js'
import { testNodeTypes } from './testNodeTypes.js'

export const engine = createCelEngine()
export const testActor: Actor = { kind: 'system', id: 'test', name: 'test' }
export const startTime = '2026-01-01T00:00:00.000Z'
export const runId = '11111111-1111-4111-8111-111111111111'

/** A run without a log: decisions are folded as they are made. */
export interface PureRun {
  readonly plan: RunPlan
  readonly state: ExecutionState
  /** Everything so far. */
  readonly events: readonly ExecutionEvent[]
  /** The appends of the start. */
  readonly started: readonly (readonly ExecutionEvent[])[]
  now: string
  /** Slots for claims; 0: what is ready is only scheduled. */
  slots: number
  /** Decides, folds, and goes on where an append was cut. The events of this decision, an array per append. */
  do(decide: (state: ExecutionState, plan: RunPlan, env: RunEnvironment) => RunDecision): ExecutionEvent[][]
  node(key: string): NodeState | undefined
  status(key: string): string
}

export const pureRun = (
  definition: Definition,
  {
    nodeTypes = testNodeTypes(),
    input = null,
    slots = 0,
    queued = false,
    start = true,
  }: {
    nodeTypes?: ExecutableNodeTypes
    input?: JsonValue
    slots?: number
    queued?: boolean
    start?: boolean
  } = {},
): PureRun => {
  const plan = planRun(definition, { nodeTypes, engine })
  let state = absentExecution
  const events: ExecutionEvent[] = []
  const started: ExecutionEvent[][] = []
  const run: PureRun = {
    plan,
    get state() {
      return state
    },
    events,
    started,
    now: startTime,
    slots,
    do: (decide) => {
      const appends: ExecutionEvent[][] = []
      const claim = run.slots > 0 ? { claim: { executor: 'test', slots: run.slots, graceMs: 1_000 } } : {}
      const env = { engine, now: run.now, actor: testActor, random: 0.5, ...claim }
      for (let next = decide; ; next = decideContinue) {
        const { events: decided, cut } = next(state, plan, env)
        const draft = draftOf(state)
        for (const event of decided) applyTo(draft, event, { at: run.now, actor: testActor })
        state = stateOf(draft)
        events.push(...decided)
        appends.push([...decided])
        if (!cut) return appends
      }
    },
    node: (key) => getIn(state.nodes, idOf(key)),
    status: (key) => getIn(state.nodes, idOf(key))?.status ?? 'untouched',
  }
  if (start) {
    const trigger = plan.roots.find(({ mode }) => mode === 'trigger')
    if (trigger === undefined) throw new Error('the definition has no trigger')
    const { id: nodeId, key, type } = trigger.node
    const appends = run.do((_, __, env) =>
      decideStart(
        {
          executionId: runId,
          workflowId: idOf('workflow'),
          version: 1,
          versionId: idOf('version'),
          contentHash: 'hash',
          trigger: { nodeId, key, type },
          input,
          queued,
        },
        plan,
        env,
      ),
    )
    started.push(...appends)
  }
  return run
}

export const typesOf = (events: readonly ExecutionEvent[]): string[] => events.map(({ type }) => type)

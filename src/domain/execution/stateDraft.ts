import type { ExecutionState, NodeState, TimerState } from './executionState.js'
import { type DraftMap, freeze, thaw } from './persistentMap.js'

type Maps = 'nodes' | 'timers' | 'dedupeIds'

/** A state while several events are folded into it: copied once, then changed in place by its owner alone. */
export interface StateDraft extends Omit<{ -readonly [K in keyof ExecutionState]: ExecutionState[K] }, Maps> {
  nodes: DraftMap<NodeState>
  timers: DraftMap<TimerState>
  dedupeIds: DraftMap<true>
}

export const draftOf = (state: ExecutionState): StateDraft => ({
  ...state,
  nodes: thaw(state.nodes),
  timers: thaw(state.timers),
  dedupeIds: thaw(state.dedupeIds),
})

/** The draft as a state; it must not be changed afterwards. */
export const stateOf = (draft: StateDraft): ExecutionState => {
  const state: StateDraft = draft
  return Object.assign<StateDraft, Pick<ExecutionState, Maps>>(state, {
    nodes: freeze(draft.nodes),
    timers: freeze(draft.timers),
    dedupeIds: freeze(draft.dedupeIds),
  })
}

import { childIdOf } from './childId.js'
import type { ExecutionState, NodeState } from './executionState.js'

const quantity = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`

/** What a waiting node waits for, behind the words "waits" or "waited". */
export const whatItWaitsFor = ({ executionId }: ExecutionState, node: NodeState): string => {
  const { wait } = node
  switch (wait?.kind) {
    case undefined:
      return 'for its next attempt'
    case 'timer':
      return `until ${wait.dueAt}`
    case 'signal':
      return `for the signal ${wait.name}`
    case 'subworkflow':
      return `for its child run ${childIdOf(executionId, node, 0)}`
    case 'map':
      return `for ${quantity(wait.inputs.length, 'child run')}`
  }
}

const mostNames = 5

/** Signals that came under other names: often the one that somebody believes the node has had. */
const keptSignals = ({ signals }: ExecutionState): string => {
  const names = [...new Set(signals.map(({ name }) => name))]
  if (names.length === 0) return ''
  const more = names.length > mostNames ? ' and others' : ''
  return `; only others have come and are kept: ${names.slice(0, mostNames).join(', ')}${more}`
}

/** What a node waits for, and what keeps that from it. */
export const whyItWaits = (state: ExecutionState, node: NodeState): string => {
  const { paused, signals } = state
  const { wait } = node
  const waits = `waits ${whatItWaitsFor(state, node)}${paused ? ', and the run is paused' : ''}`
  if (wait?.kind !== 'signal') return waits
  if (paused && signals.some(({ name }) => name === wait.name))
    return `the signal ${wait.name} has come, but the run is paused`
  return `${waits}${keptSignals(state)}`
}

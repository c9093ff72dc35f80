import { FlowledgerError } from '../domain/errors.js'
import { type AttemptOutcome, decideOutcome } from '../domain/execution/decide/attempts.js'
import type { ExecutionState, NodeState } from '../domain/execution/executionState.js'
import { getIn } from '../domain/execution/persistentMap.js'
import { hasTimedOut, waitsForChildren } from '../domain/execution/waitTimeout.js'
import { cutOff, outcomeOf } from './childOutcome.js'
import { type ChildStarter, endOf } from './childRun.js'
import { type ChildRuns, cancelAll, createChildRuns, note, refresh, startMore } from './childRuns.js'

export interface ChildWaits {
  /** Takes the children of a waiting node as far as possible: starts, counts, cancels, and records the outcome. */
  look(parentId: string, nodeId: string): void
  /** Whether this process looks after the children of that node. */
  knows(parentId: string, nodeId: string): boolean
  /** A child run of this process ended. */
  ended(state: ExecutionState): void
  idle(): Promise<void>
  stop(): void
}

/** How often children that other processes may have ended are looked at again. */
const refreshMs = 500
const retryMs = 1_000

/**
 * Looks after nodes that wait for child runs. What it remembers only saves reading: it can be found out again from the
 * children's streams, whose ids are derived.
 */
export const createChildWaits = (
  starter: ChildStarter,
  { elsewhere, unexpected }: { readonly elsewhere: boolean; readonly unexpected: (error: unknown) => void },
): ChildWaits => {
  const { runs, contextFor } = starter
  const known = new Map<string, ChildRuns>()
  const looking = new Map<string, { again: boolean; done: Promise<void> }>()
  const retries = new Set<NodeJS.Timeout>()
  let stopped = false

  const keyOf = (parentId: string, nodeId: string): string => `${parentId}/${nodeId}`

  const childrenOf = (parent: ExecutionState, node: NodeState): ChildRuns | undefined => {
    const { wait } = node
    if (wait?.kind !== 'subworkflow' && wait?.kind !== 'map') return undefined
    const key = keyOf(parent.executionId, node.nodeId)
    const remembered = known.get(key)
    const children =
      remembered?.attempt === node.attempts ? remembered : createChildRuns(parent.executionId, node, wait)
    known.set(key, children)
    return children
  }

  /** Records what the wait came to, once nothing of it is under way any more. */
  const settle = async (parent: ExecutionState, node: NodeState, children: ChildRuns, outcome: AttemptOutcome) => {
    if (!(await cancelAll(children, starter))) return
    const ref = { nodeId: node.nodeId, attempt: node.attempts }
    await runs.change(parent.executionId, contextFor(parent), (state, plan, env) =>
      decideOutcome(state, plan, env, ref, outcome),
    )
    known.delete(keyOf(parent.executionId, node.nodeId))
  }

  const lookOnce = async (parentId: string, nodeId: string): Promise<void> => {
    const { state } = await runs.load(parentId, elsewhere ? 0 : Number.POSITIVE_INFINITY)
    const node = getIn(state.nodes, nodeId)
    if (node === undefined) return
    const children = childrenOf(state, node)
    if (children === undefined) return
    if (state.phase === 'ended' || !waitsForChildren(node)) {
      known.delete(keyOf(parentId, nodeId))
      return
    }
    if (elsewhere) await refresh(children, runs)
    if (state.ending !== undefined || hasTimedOut(state, node)) return settle(state, node, children, cutOff)
    const early = outcomeOf(children)
    if (early === undefined && !state.paused) await startMore(children, starter, state)
    const outcome = early ?? outcomeOf(children)
    if (outcome !== undefined) await settle(state, node, children, outcome)
    else if (elsewhere) later(parentId, nodeId, refreshMs)
  }

  const later = (parentId: string, nodeId: string, milliseconds: number): void => {
    const timer = setTimeout(() => {
      retries.delete(timer)
      look(parentId, nodeId)
    }, milliseconds)
    timer.unref()
    retries.add(timer)
  }

  const lookWhileAsked = async (parentId: string, nodeId: string, turn: { again: boolean }): Promise<void> => {
    while (turn.again && !stopped) {
      turn.again = false
      try {
        await lookOnce(parentId, nodeId)
      } catch (error) {
        const mayPass =
          error instanceof FlowledgerError &&
          (error.kind === 'unavailable' || error.kind === 'tooMany' || error.kind === 'conflict')
        if (!mayPass) unexpected(error)
        if (!stopped) later(parentId, nodeId, retryMs)
      }
    }
    looking.delete(keyOf(parentId, nodeId))
  }

  const look = (parentId: string, nodeId: string): void => {
    if (stopped) return
    const key = keyOf(parentId, nodeId)
    const turn = looking.get(key)
    if (turn !== undefined) {
      turn.again = true
      return
    }
    const begun = { again: true, done: Promise.resolve() }
    looking.set(key, begun)
    begun.done = lookWhileAsked(parentId, nodeId, begun)
  }

  return {
    look,
    knows: (parentId, nodeId) => {
      const key = keyOf(parentId, nodeId)
      return known.has(key) || looking.has(key)
    },
    ended: (state) => {
      if (state.parent === undefined) return
      const { executionId, nodeId, iteration } = state.parent
      const children = known.get(keyOf(executionId, nodeId))
      if (children?.idOf(iteration) === state.executionId) note(children, iteration, endOf(state))
      look(executionId, nodeId)
    },
    idle: async () => {
      while (looking.size > 0) await Promise.all([...looking.values()].map(({ done }) => done))
    },
    stop: () => {
      stopped = true
      for (const timer of retries) clearTimeout(timer)
    },
  }
}

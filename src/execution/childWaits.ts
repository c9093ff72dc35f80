import { FlowledgerError } from '../domain/errors.js'
import { type AttemptOutcome, decideOutcome } from '../domain/execution/decide/attempts.js'
import type { ExecutionState, NodeState } from '../domain/execution/executionState.js'
import { getIn } from '../domain/execution/persistentMap.js'
import { hasTimedOut, waitsForChildren } from '../domain/execution/waitTimeout.js'
import {
  type ChildEnd,
  type ChildRuns,
  type ChildStarter,
  cancelChild,
  createChildRuns,
  endOf,
  loadChild,
  startChild,
} from './childRuns.js'

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

const widthOf = ({ wait }: ChildRuns): number => (wait.kind === 'map' ? wait.maxConcurrency : 1)

/** The outcome of the whole wait, once nothing of it is under way; undefined while it has to go on. */
const outcomeOf = ({ wait, ended, failures, inputs }: ChildRuns): AttemptOutcome | undefined => {
  if (wait.kind === 'subworkflow') {
    const end = ended.get(0)
    if (end === undefined) return undefined
    return 'error' in end
      ? { kind: 'failed', error: end.error }
      : { kind: 'completed', output: end.output, ports: ['out'] }
  }
  if (failures > wait.toleratedFailures) {
    const failed = [...ended].flatMap(([iteration, end]) => ('error' in end ? [{ iteration, error: end.error }] : []))
    const details = {
      failures,
      items: inputs.length,
      first: failed
        .slice(0, 10)
        .map(({ iteration, error }) => ({ iteration, code: error.code, message: error.message })),
    }
    const message = `${failures} of ${inputs.length} runs failed; ${wait.toleratedFailures} are tolerated`
    return { kind: 'failed', error: { class: 'child', code: 'map_failed', message, details } }
  }
  if (ended.size < inputs.length) return undefined
  const output = inputs.map((_, iteration) => {
    const end = ended.get(iteration)
    return end !== undefined && 'output' in end ? end.output : null
  })
  return { kind: 'completed', output, ports: ['out'] }
}

const cutOff: AttemptOutcome = {
  kind: 'failed',
  error: { class: 'aborted', code: 'attempt_aborted', message: 'it ended before its child runs' },
}

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

  const note = (children: ChildRuns, iteration: number, end: ChildEnd | undefined): void => {
    if (end === undefined) {
      children.underWay.add(iteration)
    } else {
      children.underWay.delete(iteration)
      if ('error' in end && !children.ended.has(iteration)) children.failures += 1
      children.ended.set(iteration, end)
    }
  }

  /** Children that another process may have ended. */
  const refresh = async (children: ChildRuns): Promise<void> => {
    for (const iteration of [...children.underWay]) {
      note(children, iteration, endOf((await runs.load(children.idOf(iteration))).state))
    }
  }

  /** Those that another process, perhaps one that died, has started: in their order, no more at once than may be. */
  const findStarted = async (children: ChildRuns): Promise<void> => {
    const { inputs } = children
    for (let missing = 0; children.next < inputs.length && missing < widthOf(children); children.next += 1) {
      const child = await loadChild(runs, children.idOf(children.next))
      missing = child === undefined ? missing + 1 : 0
      if (child !== undefined) note(children, children.next, endOf(child))
    }
  }

  const startMore = async (parent: ExecutionState, node: NodeState, children: ChildRuns): Promise<void> => {
    const { wait, inputs } = children
    const width = widthOf(children)
    const tolerated = wait.kind === 'map' ? wait.toleratedFailures : 0
    while (children.next < inputs.length && children.underWay.size < width && children.failures <= tolerated) {
      const batch: number[] = []
      while (children.next < inputs.length && children.underWay.size < width) {
        children.underWay.add(children.next)
        batch.push(children.next)
        children.next += 1
      }
      const results = await Promise.allSettled(
        batch.map(async (iteration) => {
          const end = await startChild(starter, parent, node, children, iteration)
          if (end !== undefined) note(children, iteration, end)
        }),
      )
      const failed = results.flatMap((result, index) =>
        result.status === 'rejected' ? [{ index, reason: result.reason as unknown }] : [],
      )
      if (failed.length === 0) continue
      // They are started again later, in their turn.
      for (const { index } of failed) children.underWay.delete(batch[index] ?? -1)
      children.next = Math.min(...failed.map(({ index }) => batch[index] ?? children.next))
      throw failed[0]?.reason
    }
  }

  const settle = async (parent: ExecutionState, node: NodeState, children: ChildRuns, outcome: AttemptOutcome) => {
    await findStarted(children)
    for (const iteration of children.underWay) await cancelChild(starter, children.idOf(iteration))
    await refresh(children)
    if (children.underWay.size > 0) return
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
    if (elsewhere) await refresh(children)
    if (state.ending !== undefined || hasTimedOut(state, node)) return settle(state, node, children, cutOff)
    const early = outcomeOf(children)
    if (early === undefined && !state.paused) await startMore(state, node, children)
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

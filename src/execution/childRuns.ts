import type { RunWriter } from '../commands/executions/runWriter.js'
import { childIdOf } from '../domain/execution/childId.js'
import type { ExecutionState, NodeState, RecordedWait } from '../domain/execution/executionState.js'
import type { JsonValue } from '../domain/json.js'
import { type ChildEnd, type ChildStarter, type ChildToStart, cancelChild, endOf, startChild } from './childRun.js'

export type ChildWait = Extract<RecordedWait, { kind: 'subworkflow' | 'map' }>

/** The child runs of one wait of a node. */
export interface ChildRuns {
  readonly nodeId: string
  /** Number of the wait. */
  readonly attempt: number
  readonly wait: ChildWait
  readonly inputs: readonly JsonValue[]
  /** By iteration. */
  readonly ended: Map<number, ChildEnd>
  /** How many of them failed. */
  failures: number
  readonly underWay: Set<number>
  /** Iterations before this one were started; it may be that later ones were too, before a crash. */
  next: number
  idOf(iteration: number): string
}

export const createChildRuns = (parentId: string, node: NodeState, wait: ChildWait): ChildRuns => ({
  nodeId: node.nodeId,
  attempt: node.attempts,
  wait,
  inputs: wait.kind === 'map' ? wait.inputs : [wait.input],
  ended: new Map(),
  failures: 0,
  underWay: new Set(),
  next: 0,
  idOf: (iteration) => childIdOf(parentId, node, iteration),
})

const widthOf = ({ wait }: ChildRuns): number => (wait.kind === 'map' ? wait.maxConcurrency : 1)
const toleratedBy = ({ wait }: ChildRuns): number => (wait.kind === 'map' ? wait.toleratedFailures : 0)

/** Notes how a child run stands: its end, or that it is under way. */
export const note = (children: ChildRuns, iteration: number, end: ChildEnd | undefined): void => {
  if (end === undefined) {
    children.underWay.add(iteration)
  } else {
    children.underWay.delete(iteration)
    if ('error' in end && !children.ended.has(iteration)) children.failures += 1
    children.ended.set(iteration, end)
  }
}

/** Looks at those under way, which another process may have ended. */
export const refresh = async (children: ChildRuns, runs: RunWriter): Promise<void> => {
  for (const iteration of [...children.underWay]) {
    note(children, iteration, endOf((await runs.load(children.idOf(iteration))).state))
  }
}

/** Finds those that another process, perhaps one that died, has started: in their order, no more at once than may be. */
const findStarted = async (children: ChildRuns, runs: RunWriter): Promise<void> => {
  const { inputs } = children
  for (let missing = 0; children.next < inputs.length && missing < widthOf(children); children.next += 1) {
    const child = (await runs.find(children.idOf(children.next)))?.state
    missing = child === undefined ? missing + 1 : 0
    if (child !== undefined) note(children, children.next, endOf(child))
  }
}

const hasRoom = (children: ChildRuns): boolean =>
  children.next < children.inputs.length && children.underWay.size < widthOf(children)

/** The next ones, as many as there is room for; they count as under way. */
const takeNext = (children: ChildRuns): number[] => {
  const batch: number[] = []
  for (; hasRoom(children); children.next += 1) {
    children.underWay.add(children.next)
    batch.push(children.next)
  }
  return batch
}

const toStart = (children: ChildRuns, iteration: number): ChildToStart => {
  const { nodeId, wait, inputs } = children
  const { workflowId, version } = wait
  return {
    executionId: children.idOf(iteration),
    workflowId,
    version,
    input: inputs[iteration] ?? null,
    nodeId,
    iteration,
  }
}

/** Starts as many as may be under way at once. Throws what kept one from being started; that one is started again in its turn. */
export const startMore = async (children: ChildRuns, starter: ChildStarter, parent: ExecutionState): Promise<void> => {
  while (hasRoom(children) && children.failures <= toleratedBy(children)) {
    const batch = takeNext(children)
    const results = await Promise.allSettled(
      batch.map(async (iteration) => {
        const end = await startChild(starter, parent, toStart(children, iteration))
        if (end !== undefined) note(children, iteration, end)
      }),
    )
    const failed = results.flatMap((result, index) =>
      result.status === 'rejected' ? [{ iteration: batch[index] ?? -1, reason: result.reason as unknown }] : [],
    )
    if (failed.length === 0) continue
    for (const { iteration } of failed) children.underWay.delete(iteration)
    children.next = Math.min(...failed.map(({ iteration }) => iteration))
    throw failed[0]?.reason
  }
}

/** Cancels whatever is under way, whoever started it. False while some of it still is. */
export const cancelAll = async (children: ChildRuns, starter: ChildStarter): Promise<boolean> => {
  await findStarted(children, starter.runs)
  for (const iteration of children.underWay) await cancelChild(starter, children.idOf(iteration))
  await refresh(children, starter.runs)
  return children.underWay.size === 0
}

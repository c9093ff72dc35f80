import { completeNode } from './completeNode.js'
import { deadEdgesInto, edgeStatus, isDecided, isUntouched } from './edges.js'
import type { NodeState } from './executionState.js'
import { finishRun } from './finishRun.js'
import { decideJoin, type JoinCount } from './joins.js'
import { consumeKeptSignal } from './keptSignals.js'
import { failNode, failureOf, needsThread } from './nodeFailures.js'
import { openAttempt } from './openAttempt.js'
import { openWait } from './openWait.js'
import { valuesOf } from './persistentMap.js'
import { emit, isFull, mayAdvance, nodeFields, nodeState, type Run } from './run.js'
import { nodeAt, type PlannedEdge, type PlannedNode, plannedNode } from './runPlan.js'
import { scopeOf } from './scope.js'

const evaluateInline = (run: Run, planned: PlannedNode, inputFrom: readonly string[]): void => {
  const { type, node } = planned
  if (type.kind !== 'pure') throw new Error(`${node.key} is not pure`)
  try {
    const outcome = type.evaluate(node.config, scopeOf(run.state, planned, inputFrom), run.env.engine)
    completeNode(run, planned, inputFrom, outcome)
  } catch (thrown) {
    const error = failureOf(thrown)
    if (needsThread(error)) openAttempt(run, planned, inputFrom)
    else failNode(run, planned, inputFrom, error)
  }
}

export const runNode = (run: Run, planned: PlannedNode, inputFrom: readonly string[]): void => {
  if (planned.mode === 'inline') evaluateInline(run, planned, inputFrom)
  else if (planned.mode === 'attempted') openAttempt(run, planned, inputFrom)
  else openWait(run, planned, inputFrom)
}

const skip = (run: Run, planned: PlannedNode): void => {
  const deadEdges = deadEdgesInto(run.state, run.plan, planned)
  const payload = deadEdges.length * 300 + (deadEdges.some((d) => d.decisions) ? JSON.stringify(deadEdges).length : 0)
  emit(run, { type: 'NodeSkipped', data: { ...nodeFields(planned), deadEdges } }, payload)
}

/**
 * Dead-path elimination from the given decided nodes on, as far as it goes without waiting for anything: every out-edge is
 * looked at once, counted into its target's join, and a target whose join is decided runs or is skipped. Linear in the edges.
 */
const propagate = (run: Run, queue: PlannedNode[]): void => {
  const counts = new Map<number, JoinCount>()
  /** Decided nodes whose edges have not had their turn: they count into no join yet. */
  const upcoming = new Set(queue.map(({ index }) => index))

  const countInto = (target: PlannedNode): JoinCount => {
    const known = counts.get(target.index)
    if (known !== undefined) return known
    const count: JoinCount = { edges: target.inEdges.length, taken: 0, dead: 0 }
    for (const edge of target.inEdges) {
      if (upcoming.has(edge.source)) continue
      const status = edgeStatus(nodeState(run, edge.edge.sourceNodeId), edge)
      if (status === 'taken') count.taken += 1
      else if (status === 'dead') count.dead += 1
    }
    counts.set(target.index, count)
    return count
  }

  /** The predecessors whose taken edges counted, once each, in the order of the in-edges. */
  const takenSources = (target: PlannedNode, current: number): string[] => {
    const sources = new Set<string>()
    for (const edge of target.inEdges) {
      if (upcoming.has(edge.source) && edge.source !== current) continue
      const { sourceNodeId } = edge.edge
      if (edgeStatus(nodeState(run, sourceNodeId), edge) === 'taken') sources.add(sourceNodeId)
    }
    return [...sources]
  }

  const resolve = (edge: PlannedEdge, source: NodeState | undefined): void => {
    const target = nodeAt(run.plan, edge.target)
    if (!isUntouched(nodeState(run, target.node.id))) return
    const count = countInto(target)
    if (edgeStatus(source, edge) === 'taken') count.taken += 1
    else count.dead += 1
    const verdict = decideJoin(target.join, count)
    if (verdict === 'undecided') return
    if (verdict === 'run') runNode(run, target, takenSources(target, edge.source))
    else skip(run, target)
    if (!isDecided(nodeState(run, target.node.id))) return
    queue.push(target)
    upcoming.add(target.index)
  }

  for (let at = 0; at < queue.length; at += 1) {
    const source = queue[at]
    if (source === undefined) continue
    for (const edge of source.outEdges) {
      if (run.state.ending !== undefined || isFull(run)) return
      resolve(edge, nodeState(run, source.node.id))
    }
    upcoming.delete(source.index)
  }
}

const decidedNodes = (run: Run): PlannedNode[] =>
  run.plan.nodes.filter(({ node }) => isDecided(nodeState(run, node.id)))

/** What had been ready while the run could not go on: kept signals, and attempts that this process has room for. */
const wakeNodes = (run: Run): void => {
  for (const node of [...valuesOf(run.state.nodes)]) {
    if (isFull(run)) return
    if (node.status === 'waiting') consumeKeptSignal(run, plannedNode(run.plan, node.nodeId))
    else if (node.status === 'scheduled') openAttempt(run, plannedNode(run.plan, node.nodeId), node.inputFrom)
  }
}

/** Everything that follows from the nodes just decided, up to the end of the run where that is reached. */
export const advanceFrom = (run: Run, nodeIds: readonly string[]): void => {
  if (mayAdvance(run.state)) {
    propagate(
      run,
      nodeIds.map((id) => plannedNode(run.plan, id)).filter(({ node }) => isDecided(nodeState(run, node.id))),
    )
  }
  finishRun(run)
}

/** Everything that follows from the state as it is: after a pause, a retry, a start, or an append that was cut. */
export const advanceAll = (run: Run): void => {
  if (mayAdvance(run.state)) {
    for (const root of run.plan.roots) {
      if (isUntouched(nodeState(run, root.node.id)) && !isFull(run)) skip(run, root)
    }
    wakeNodes(run)
    propagate(run, decidedNodes(run))
  }
  finishRun(run)
}

import type { StepExplanation } from '../../domain/execution/explanation.js'
import type { Execution, ExecutionSummary, Page, Step } from '../resources.js'
import { blocks, fields, shortJson, shortTime, table } from '../terminal/table.js'

const errorOf = ({ error }: Pick<ExecutionSummary, 'error'>): string | null =>
  error && `${error.code}: ${error.message}`

export const executionList = ({ items }: Page<ExecutionSummary>): string =>
  table(
    ['id', 'workflow', 'version', 'status', 'trigger', 'started', 'finished', 'error'],
    items.map((item) => [
      item.id,
      item.workflowId,
      item.version,
      item.status,
      item.trigger.key,
      shortTime(item.startedAt),
      shortTime(item.finishedAt),
      item.error?.code,
    ]),
  )

const stepTable = (steps: readonly Step[]): string =>
  table(
    ['step', 'type', 'status', 'attempts', 'started', 'finished', 'error'],
    steps.map((step) => [
      step.key,
      step.type,
      step.status,
      step.attempts,
      shortTime(step.startedAt),
      shortTime(step.finishedAt),
      errorOf(step),
    ]),
  )

export const executionDetail = (execution: Execution): string =>
  blocks(
    fields([
      ['id', execution.id],
      ['workflow', execution.workflowId],
      ['version', execution.version],
      ['status', execution.status],
      ['trigger', execution.trigger.key],
      ...(execution.origin ? [['origin', execution.origin.executionId] as const] : []),
      ['input', shortJson(execution.input, 200)],
      ['output', shortJson(execution.output, 2_000)],
      ['error', errorOf(execution)],
      ['revision', execution.revision],
      ['started', shortTime(execution.startedAt)],
      ['finished', shortTime(execution.finishedAt)],
    ]),
    stepTable(execution.steps),
  )

/** Its own choices, and those of nodes before it that did not lead here. */
const decisionTable = ({ key, decisions, edges }: StepExplanation): string | undefined => {
  const before = edges.filter(({ status }) => status === 'dead').map((edge) => [edge.fromKey, edge.decisions] as const)
  const rows = [...new Map([...before, [key, decisions] as const])].flatMap(([by, made = []]) =>
    made.map(({ expression, result, operands }) => [by, expression, shortJson(result), shortJson(operands)]),
  )
  return rows.length > 0 ? table(['decided by', 'expression', 'result', 'on'], rows) : undefined
}

export const explanationView = (explanation: StepExplanation): string => {
  const { key, type, status, summary, join, edges, attempts, resolutions } = explanation
  return blocks(
    fields([
      ['step', key],
      ['type', type],
      ['status', status],
      ['why', summary],
      ['join', typeof join === 'string' ? join : shortJson(join)],
    ]),
    edges.length > 0
      ? table(
          ['edge from', 'port', 'is', 'because'],
          edges.map(({ fromKey, port, status: became, reason }) => [fromKey, port, became, reason]),
        )
      : undefined,
    decisionTable(explanation),
    attempts.length > 0
      ? table(
          ['attempt', 'started', 'finished', 'outcome', 'because'],
          attempts.map(({ attempt, startedAt, finishedAt, outcome, error, inDoubtAs }) => [
            attempt,
            shortTime(startedAt),
            shortTime(finishedAt ?? null),
            outcome,
            error === undefined ? inDoubtAs : `${error.code}: ${error.message}`,
          ]),
        )
      : undefined,
    resolutions.length > 0
      ? table(
          ['resolved', 'by', 'at', 'reason'],
          resolutions.map(({ action, actor, at, reason }) => [action, actor.name, shortTime(at), reason]),
        )
      : undefined,
  )
}

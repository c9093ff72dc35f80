import type { Command } from 'commander'
import type { StepExplanation } from '../../domain/execution/explanation.js'
import { type ApiOptions, apiCommand, openSession } from '../apiCommand.js'
import { fetchList, type ListOptions, listOptions } from '../lists.js'
import { path, withQuery } from '../paths.js'
import type { Execution, ExecutionSummary } from '../resources.js'
import { executionDetail, executionList, explanationView } from '../views/executionView.js'
import { stepIdOf } from './stepId.js'

interface FilterOptions extends ListOptions {
  readonly workflow?: string
  readonly status?: string
  readonly after?: string
  readonly before?: string
  readonly waitingFor?: string
}

const list = (): Command =>
  listOptions(apiCommand('list', 'List executions, newest first'))
    .option('--workflow <workflow>', 'of this one')
    .option('--status <status>', 'such as running, held or failed')
    .option('--after <time>', 'started then or later (ISO time)')
    .option('--before <time>', 'started earlier than that')
    .option('--waiting-for <signal>', 'with a step that waits for this signal')
    .action(async (options: FilterOptions) => {
      const { client, answer } = openSession(options)
      const { workflow: workflowId, status, after: startedAfter, before: startedBefore, waitingFor } = options
      const query = { workflowId, status, startedAfter, startedBefore, waitingFor }
      answer(await fetchList<ExecutionSummary>(client, '/v1/executions', query, options), executionList)
    })

const show = (): Command =>
  apiCommand('show <execution>', 'Show an execution with its steps')
    .option('--as-of <point>', 'as it was then: a revision, or an ISO time')
    .action(async (id: string, options: ApiOptions & { readonly asOf?: string }) => {
      const { client, answer } = openSession(options)
      const target = withQuery(path`/v1/executions/${id}`, { asOf: options.asOf })
      answer((await client.get<Execution>(target)).body, executionDetail)
    })

const explain = (): Command =>
  apiCommand('explain <execution> <node>', 'Say why a step ran, was skipped, failed or waits').action(
    async (id: string, node: string, options: ApiOptions) => {
      const { client, answer } = openSession(options)
      const nodeId = await stepIdOf(client, id, node)
      const target = path`/v1/executions/${id}/steps/${nodeId}/explanation`
      answer((await client.get<StepExplanation>(target)).body, explanationView)
    },
  )

export const readCommands = (): Command[] => [list(), show(), explain()]

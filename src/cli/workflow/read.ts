import type { Command } from 'commander'
import type { DefinitionDiff } from '../../domain/diff/definitionDiff.js'
import type { Finding } from '../../domain/findings.js'
import type { VersionSummary } from '../../projections/queries/versions.js'
import type { WorkflowDetail, WorkflowSummary } from '../../projections/queries/workflows.js'
import { type ApiOptions, apiCommand, openSession } from '../apiCommand.js'
import { CommandFailed } from '../errors.js'
import { integer } from '../input.js'
import { fetchList, type ListOptions, listOptions } from '../lists.js'
import { newest, path, withQuery } from '../paths.js'
import type { LoggedEvent } from '../resources.js'
import { type Blame, blameView } from '../views/blameView.js'
import { diffView } from '../views/diffView.js'
import { eventList } from '../views/eventView.js'
import { findingsView } from '../views/findingsView.js'
import { versionList, workflowDetail, workflowList } from '../views/workflowView.js'

export interface AsOfOptions extends ApiOptions {
  readonly asOf?: string
}

export const asOfOption = (command: Command): Command =>
  command.option('--as-of <point>', 'as it was then: a revision, or an ISO time')

const list = (): Command =>
  listOptions(apiCommand('list', 'List workflows, newest first'))
    .option('--status <status>', 'draft, versioned, published or archived (default: all but archived)')
    .option('--name <part>', 'whose name holds this')
    .action(async (options: ListOptions & { readonly status?: string; readonly name?: string }) => {
      const { client, answer } = openSession(options)
      const { status, name: q } = options
      answer(await fetchList<WorkflowSummary>(client, '/v1/workflows', { status, q }, options), workflowList)
    })

const show = (): Command =>
  asOfOption(apiCommand('show <workflow>', 'Show a workflow with its draft')).action(
    async (id: string, options: AsOfOptions) => {
      const { client, answer } = openSession(options)
      const target = withQuery(path`/v1/workflows/${id}`, { asOf: options.asOf })
      answer((await client.get<WorkflowDetail>(target)).body, workflowDetail)
    },
  )

interface Validation {
  readonly valid: boolean
  readonly findings: readonly Finding[]
}

const noGraph = { nodes: [], edges: [] }

const validate = (): Command =>
  apiCommand('validate <workflow>', 'Say what is wrong with the draft; fails where it could not be published').action(
    async (id: string, options: ApiOptions) => {
      const { client, json, answer } = openSession(options)
      const { body } = await client.get<Validation>(path`/v1/workflows/${id}/validation`)
      // Names for people; the validation, too, is of the newest draft.
      const draft = json
        ? undefined
        : await client.get<WorkflowDetail>(withQuery(path`/v1/workflows/${id}`, { asOf: newest }))
      answer(body, ({ findings }) => findingsView(findings, draft?.body ?? noGraph))
      if (!body.valid) throw new CommandFailed('the draft is not valid')
    },
  )

const versions = (): Command =>
  listOptions(apiCommand('versions <workflow>', 'List the versions of a workflow, newest first')).action(
    async (id: string, options: ListOptions) => {
      const { client, answer } = openSession(options)
      answer(await fetchList<VersionSummary>(client, path`/v1/workflows/${id}/versions`, {}, options), versionList)
    },
  )

const number = integer(1, 1_000_000_000)

const diff = (): Command => {
  const command = apiCommand('diff', 'Show what differs between two versions')
  return command
    .argument('<workflow>')
    .argument('<from>', 'number of a version', number)
    .argument('<to>', 'number of a version', number)
    .action(async (id: string, from: number, to: number, options: ApiOptions) => {
      const { client, answer } = openSession(options)
      answer((await client.get<DefinitionDiff>(path`/v1/workflows/${id}/versions/${from}/diff/${to}`)).body, diffView)
    })
}

const history = (): Command =>
  listOptions(apiCommand('history <workflow>', 'List the events of a workflow, oldest first')).action(
    async (id: string, options: ListOptions) => {
      const { client, answer } = openSession(options)
      answer(await fetchList<LoggedEvent>(client, path`/v1/workflows/${id}/history`, {}, options), eventList)
    },
  )

const blame = (): Command =>
  asOfOption(
    apiCommand(
      'blame <workflow>',
      'Show for every leaf of the draft who set it, when, by which event, and what it was',
    ),
  ).action(async (id: string, options: AsOfOptions) => {
    const { client, answer } = openSession(options)
    const target = withQuery(path`/v1/workflows/${id}/blame`, { asOf: options.asOf })
    answer((await client.get<Blame>(target)).body, blameView)
  })

export const readCommands = (): Command[] => [list(), show(), validate(), versions(), diff(), history(), blame()]

import type { Command } from 'commander'
import type { VersionDetail } from '../../projections/queries/versions.js'
import type { WorkflowDetail } from '../../projections/queries/workflows.js'
import { apiCommand, openSession } from '../apiCommand.js'
import type { Client } from '../client.js'
import { CommandFailed } from '../errors.js'
import { integer } from '../input.js'
import { newest, path, withQuery } from '../paths.js'
import { savedVersion, workflowLine } from '../views/workflowView.js'
import { type RevisionOptions, revisionHeaders, revisionOption } from './expectedRevision.js'

interface VersionOptions extends RevisionOptions {
  readonly version?: number
}

const versionOption = (command: Command, description: string): Command =>
  command.option('--version <number>', description, integer(1, 1_000_000_000))

const save = (): Command =>
  revisionOption(apiCommand('save <workflow>', 'Save the draft as a version; unchanged, it is the last one'))
    .option('--label <text>', 'what to call it')
    .action(async (id: string, options: RevisionOptions & { readonly label?: string }) => {
      const { client, answer } = openSession(options)
      const target = path`/v1/workflows/${id}/versions`
      const { label } = options
      const { body } = await client.send<VersionDetail>('POST', target, { label }, revisionHeaders(options))
      answer(body, savedVersion)
    })

/** From the log: a read model may not know yet what was saved a moment ago. */
const latestVersion = async (client: Client, id: string): Promise<number> => {
  const { body } = await client.get<WorkflowDetail>(withQuery(path`/v1/workflows/${id}`, { asOf: newest }))
  if (body.latestVersion === null) throw new CommandFailed('it has no version yet: save one first')
  return body.latestVersion
}

const publish = (): Command =>
  versionOption(
    revisionOption(apiCommand('publish <workflow>', 'Publish a version')),
    'this one (default: the latest)',
  ).action(async (id: string, options: VersionOptions) => {
    const { client, answer } = openSession(options)
    const number = options.version ?? (await latestVersion(client, id))
    const target = path`/v1/workflows/${id}/versions/${number}/publish`
    const { body } = await client.send<WorkflowDetail>('POST', target, undefined, revisionHeaders(options))
    answer(body, workflowLine)
  })

const unpublish = (): Command =>
  revisionOption(apiCommand('unpublish <workflow>', 'Take back what is published; runs go on')).action(
    async (id: string, options: RevisionOptions) => {
      const { client, answer } = openSession(options)
      const target = path`/v1/workflows/${id}/unpublish`
      const { body } = await client.send<WorkflowDetail>('POST', target, undefined, revisionHeaders(options))
      answer(body, workflowLine)
    },
  )

const restore = (): Command =>
  versionOption(
    revisionOption(apiCommand('restore <workflow>', 'Bring an archived workflow back, or its draft to a version')),
    'make the draft this version again',
  ).action(async (id: string, options: VersionOptions) => {
    const { client, answer } = openSession(options)
    const { version } = options
    const target =
      version === undefined ? path`/v1/workflows/${id}/restore` : path`/v1/workflows/${id}/versions/${version}/restore`
    const { body } = await client.send<WorkflowDetail>('POST', target, undefined, revisionHeaders(options))
    answer(body, workflowLine)
  })

export const versionCommands = (): Command[] => [save(), publish(), unpublish(), restore()]

import { writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import type { VersionDetail } from '../../projections/queries/versions.js'
import type { WorkflowDetail } from '../../projections/queries/workflows.js'
import { type ApiOptions, apiCommand, openSession } from '../apiCommand.js'
import type { Client } from '../client.js'
import { UsageError } from '../errors.js'
import { integer, readJson } from '../input.js'
import { newest, path, withQuery } from '../paths.js'
import { note, print } from '../terminal/print.js'
import { workflowLine } from '../views/workflowView.js'
import { type RevisionOptions, revisionHeaders, revisionOption } from './expectedRevision.js'
import { type AsOfOptions, asOfOption } from './read.js'

const create = (): Command =>
  apiCommand('create <name>', 'Create an empty workflow')
    .option('--description <text>', 'what it is for')
    .action(async (name: string, options: ApiOptions & { readonly description?: string }) => {
      const { client, answer } = openSession(options)
      const { description } = options
      const { body } = await client.send<WorkflowDetail>('POST', '/v1/workflows', { name, description })
      answer(body, workflowLine)
    })

/** What `export` writes: all that makes a workflow, in a form that `import` takes. */
export type WorkflowFile = Partial<Pick<WorkflowDetail, 'name' | 'description' | 'nodes' | 'edges' | 'settings'>>

const asWorkflowFile = (content: unknown): WorkflowFile => {
  if (typeof content === 'object' && content !== null && !Array.isArray(content)) return content
  throw new UsageError('the file must hold a JSON object with `nodes` and `edges`, such as `workflow export` writes')
}

interface ImportOptions extends RevisionOptions {
  readonly into?: string
  readonly name?: string
}

/** The graph only: the name and the description of a workflow that is there stay its own. */
const importInto = async (client: Client, id: string, file: WorkflowFile, options: ImportOptions) => {
  if (options.name !== undefined) throw new UsageError('--name is for a new workflow, it does not go with --into')
  const { nodes = [], edges = [], settings } = file
  const target = path`/v1/workflows/${id}/definition`
  return client.send<WorkflowDetail>('PUT', target, { nodes, edges, settings }, revisionHeaders(options))
}

const importNew = (client: Client, { name: given, ...file }: WorkflowFile, options: ImportOptions) => {
  const name = options.name ?? given
  if (name === undefined) throw new UsageError('the file names no workflow: give --name, or --into an existing one')
  if (options.ifRevision !== undefined) throw new UsageError('--if-revision is for --into')
  return client.send<WorkflowDetail>('POST', '/v1/workflows', { ...file, name })
}

const importCommand = (): Command =>
  revisionOption(apiCommand('import <file>', 'Make a workflow of a file (- is stdin)'))
    .option('--into <workflow>', 'make the draft of this one what the file holds, as the edits that lead there')
    .option('--name <name>', 'call the new one so')
    .action(async (file: string, options: ImportOptions) => {
      const { client, answer } = openSession(options)
      const content = asWorkflowFile(await readJson(file))
      const { into } = options
      const { body } = await (into === undefined
        ? importNew(client, content, options)
        : importInto(client, into, content, options))
      answer(body, workflowLine)
    })

interface ExportOptions extends AsOfOptions {
  readonly version?: number
  readonly output?: string
}

const exported = async (client: Client, id: string, { version, asOf }: ExportOptions): Promise<WorkflowFile> => {
  if (version !== undefined && asOf !== undefined) throw new UsageError('--version and --as-of do not go together')
  const { body } = await client.get<WorkflowDetail>(withQuery(path`/v1/workflows/${id}`, { asOf: asOf ?? newest }))
  const { name, description, nodes, edges, settings } = body
  if (version === undefined) return { name, description, nodes, edges, settings }
  const saved = await client.get<VersionDetail>(path`/v1/workflows/${id}/versions/${version}`)
  return { name, description, ...saved.body.snapshot }
}

const exportCommand = (): Command =>
  asOfOption(apiCommand('export <workflow>', 'Write a workflow as JSON that `import` takes'))
    .option('--version <number>', 'this version (default: the draft)', integer(1, 1_000_000_000))
    .option('-o, --output <file>', 'write it there (default: stdout)')
    .action(async (id: string, options: ExportOptions) => {
      const { client, json } = openSession(options)
      const file = await exported(client, id, options)
      const text = json ? JSON.stringify(file) : JSON.stringify(file, null, 2)
      if (options.output === undefined) return print(text)
      await writeFile(options.output, `${text}\n`)
      note(`written to ${options.output}`)
    })

const archive = (): Command =>
  revisionOption(apiCommand('archive <workflow>', 'Archive a workflow; `restore` brings it back')).action(
    async (id: string, options: RevisionOptions) => {
      const { client, answer } = openSession(options)
      const target = path`/v1/workflows/${id}`
      const { body } = await client.send<WorkflowDetail>('DELETE', target, undefined, revisionHeaders(options))
      answer(body, workflowLine)
    },
  )

export const draftCommands = (): Command[] => [create(), importCommand(), exportCommand(), archive()]

import { open, rename, rm } from 'node:fs/promises'
import { Command } from 'commander'
import type { Changes } from '../audit/changes.js'
import type { Verification } from '../audit/verification.js'
import { categoryOfStream, idOfStream } from '../domain/streams.js'
import type { WorkflowDetail } from '../projections/queries/workflows.js'
import { type ApiOptions, apiCommand, openSession } from './apiCommand.js'
import { CommandFailed, UsageError } from './errors.js'
import { fetchList, type ListOptions, listOptions } from './lists.js'
import { newest, path, withQuery } from './paths.js'
import type { Activity, Execution, LoggedEvent } from './resources.js'
import { note } from './terminal/print.js'
import { blocks } from './terminal/table.js'
import { diffView, spanView } from './views/diffView.js'
import { activityList, eventList } from './views/eventView.js'
import { executionDetail } from './views/executionView.js'
import { workflowDetail } from './views/workflowView.js'

const replay = (): Command =>
  apiCommand('replay <stream>', 'Fold a workflow or an execution from its events, up to a moment')
    .option('--as-of <point>', 'a revision, or an ISO time (default: now)')
    .addHelpText('after', '\nA stream is workflow-<id> or execution-<id>.')
    .action(async (stream: string, options: ApiOptions & { readonly asOf?: string }) => {
      const [category, id] = [categoryOfStream(stream), idOfStream(stream)]
      if (category !== 'workflow' && category !== 'execution') {
        throw new UsageError(`${stream} can't be replayed: a stream is workflow-<id> or execution-<id>`)
      }
      const { client, answer } = openSession(options)
      const query = { asOf: options.asOf ?? newest }
      if (category === 'workflow') {
        answer((await client.get<WorkflowDetail>(withQuery(path`/v1/workflows/${id}`, query))).body, workflowDetail)
      } else {
        answer((await client.get<Execution>(withQuery(path`/v1/executions/${id}`, query))).body, executionDetail)
      }
    })

type ShownChanges = Omit<Changes, 'events'> & { readonly events: readonly LoggedEvent[] }

const changesView = ({ from, to, diff, events, ...texts }: ShownChanges): string =>
  blocks(spanView({ from, to }), diffView(diff, texts), eventList({ items: events, nextCursor: null }))

const diff = (): Command =>
  apiCommand('diff <workflow>', 'Show what changed in a workflow between two moments, and by which events')
    .option('--from <point>', 'a revision, or an ISO time (default: before the first event)')
    .option('--to <point>', 'a revision, or an ISO time (default: now)')
    .action(async (id: string, options: ApiOptions & { readonly from?: string; readonly to?: string }) => {
      const { client, answer } = openSession(options)
      const { from, to } = options
      answer(
        (await client.get<ShownChanges>(withQuery(path`/v1/workflows/${id}/changes`, { from, to }))).body,
        changesView,
      )
    })

const verificationView = ({ valid, events, streams, firstInvalid }: Verification): string =>
  valid || firstInvalid === null
    ? `${events} events in ${streams === 1 ? '1 stream' : `${streams} streams`}, none was changed`
    : `${firstInvalid.stream}, revision ${firstInvalid.revision}: ${firstInvalid.reason} (after ${events} events)`

const verify = (): Command =>
  apiCommand('verify [stream]', 'Recompute the hash chain of a stream, or of every one').action(
    async (stream: string | undefined, options: ApiOptions) => {
      const { client, answer } = openSession(options)
      const { body } = await client.get<Verification>(withQuery('/v1/audit/verification', { stream }))
      answer(body, verificationView)
      if (!body.valid) throw new CommandFailed('the hash chain is broken')
    },
  )

const writeToStdout = async (text: AsyncIterable<string>): Promise<void> => {
  for await (const chunk of text) {
    if (process.stdout.write(chunk)) continue
    await new Promise<void>((resolve) => process.stdout.once('drain', resolve))
  }
}

/** The file appears whole or not at all. */
const writeToFile = async (file: string, text: AsyncIterable<string>): Promise<void> => {
  const partial = `${file}.${process.pid}.part`
  const handle = await open(partial, 'wx', 0o600)
  try {
    for await (const chunk of text) await handle.appendFile(chunk)
    await handle.sync()
    await rename(partial, file)
  } finally {
    await handle.close()
    await rm(partial, { force: true })
  }
}

interface FilterOptions extends ApiOptions {
  readonly stream?: string
  readonly type?: string
  readonly actor?: string
  readonly correlation?: string
  readonly from?: string
  readonly to?: string
}

const filterOptions = (command: Command): Command =>
  command
    .option('--stream <stream>', 'of this one')
    .option('--type <type>', 'of this type')
    .option('--actor <id>', 'by this actor')
    .option('--correlation <id>', 'of this correlation')
    .option('--from <time>', 'that occurred then or later (ISO time)')
    .option('--to <time>', 'that occurred before that')

const filterOf = ({ stream, type, actor, correlation: correlationId, from, to }: FilterOptions) => ({
  stream,
  type,
  actor,
  correlationId,
  from,
  to,
})

const events = (): Command =>
  filterOptions(listOptions(apiCommand('events', 'List who did what, when, newest first'))).action(
    async (options: FilterOptions & ListOptions) => {
      const { client, answer } = openSession(options)
      answer(await fetchList<Activity>(client, '/v1/audit/events', filterOf(options), options), activityList)
    },
  )

const exportCommand = (): Command =>
  filterOptions(apiCommand('export', 'Write events with payload and metadata as lines of JSON, oldest first'))
    .option('-o, --output <file>', 'write it there, whole or not at all (default: stdout)')
    .action(async (options: FilterOptions & { readonly output?: string }) => {
      const { client } = openSession(options)
      const { output } = options
      const target = withQuery('/v1/audit/events', filterOf(options))
      const text = await client.stream(target, { Accept: 'application/x-ndjson' })
      if (text === undefined) throw new CommandFailed('the server answered nothing')
      if (output === undefined) return writeToStdout(text)
      await writeToFile(output, text)
      note(`written to ${output}`)
    })

export const auditCommand = (): Command =>
  new Command('audit')
    .description('The log: replay it, compare moments, search it, verify it, take it out')
    .addCommand(replay())
    .addCommand(diff())
    .addCommand(events())
    .addCommand(verify())
    .addCommand(exportCommand())

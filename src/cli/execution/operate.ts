import { Argument, type Command } from 'commander'
import { type ApiOptions, apiCommand, openSession } from '../apiCommand.js'
import { givenJson, json } from '../input.js'
import { path } from '../paths.js'
import type { Execution } from '../resources.js'
import { executionDetail } from '../views/executionView.js'
import { stepIdOf } from './stepId.js'

interface ReasonOptions extends ApiOptions {
  readonly reason?: string
}

const operation = (verb: string, description: string): Command =>
  apiCommand(`${verb} <execution>`, description)
    .option('--reason <text>', 'why; it stays in the log')
    .action(async (id: string, options: ReasonOptions) => {
      const { client, answer } = openSession(options)
      const { reason } = options
      const { body } = await client.send<Execution>('POST', path`/v1/executions/${id}/${verb}`, { reason })
      answer(body, executionDetail)
    })

interface SignalOptions extends ApiOptions {
  readonly payload?: unknown
  readonly payloadFile?: string
  readonly dedupeId?: string
}

const signal = (): Command =>
  apiCommand('signal <execution> <name>', 'Send a signal; an approval is one')
    .option('--payload <json>', 'what it brings', json)
    .option('--payload-file <file>', 'a file that holds it as JSON (- is stdin)')
    .option('--dedupe-id <id>', 'a second signal with it is ignored')
    .action(async (id: string, name: string, options: SignalOptions) => {
      const { client, answer } = openSession(options)
      const payload = await givenJson({ value: options.payload, file: options.payloadFile }, 'payload')
      const { dedupeId } = options
      const target = path`/v1/executions/${id}/signals/${name}`
      answer((await client.send<Execution>('POST', target, { payload, dedupeId })).body, executionDetail)
    })

interface ResolveOptions extends ApiOptions {
  readonly reason: string
  readonly output?: unknown
  readonly outputFile?: string
}

const resolve = (): Command =>
  apiCommand('resolve', 'Decide a step that is held or in doubt')
    .argument('<execution>')
    .argument('<node>', 'its id or key')
    .addArgument(new Argument('<action>').choices(['retry', 'complete', 'skip', 'fail']))
    .requiredOption('--reason <text>', 'why; it stays in the log')
    .option('--output <json>', 'what the step came to, for `complete`', json)
    .option('--output-file <file>', 'a file that holds it as JSON (- is stdin)')
    .action(async (id: string, node: string, action: string, options: ResolveOptions) => {
      const { client, answer } = openSession(options)
      const output = await givenJson({ value: options.output, file: options.outputFile }, 'output')
      const nodeId = await stepIdOf(client, id, node)
      const target = path`/v1/executions/${id}/steps/${nodeId}/resolve`
      const { reason } = options
      answer((await client.send<Execution>('POST', target, { action, output, reason })).body, executionDetail)
    })

export const operateCommands = (): Command[] => [
  operation('cancel', 'Cancel an execution and its children'),
  operation('pause', 'Start nothing new in an execution'),
  operation('resume', 'Let a paused execution go on'),
  operation('retry', 'Try the failed nodes of a failed execution again'),
  signal(),
  resolve(),
]

import type { Command } from 'commander'
import { type ApiOptions, apiCommand, openSession } from '../apiCommand.js'
import { CommandFailed } from '../errors.js'
import { givenJson, integer, json } from '../input.js'
import { path } from '../paths.js'
import type { Execution } from '../resources.js'
import { executionDetail } from '../views/executionView.js'

interface StartOptions extends ApiOptions {
  readonly input?: unknown
  readonly inputFile?: string
  readonly version?: number
  readonly trigger?: string
  readonly origin?: string
  readonly wait?: number
  readonly idempotencyKey?: string
}

const finalStatus: ReadonlySet<string> = new Set(['completed', 'failed', 'cancelled', 'timedOut'])

const start = async (workflowId: string, options: StartOptions): Promise<void> => {
  const { client, answer } = openSession(options)
  const { version, trigger, origin, wait, idempotencyKey } = options
  const input = await givenJson({ value: options.input, file: options.inputFile }, 'input')
  const headers = {
    ...(wait !== undefined && { Prefer: `wait=${wait}` }),
    ...(idempotencyKey !== undefined && { 'Idempotency-Key': idempotencyKey }),
  }
  const target = path`/v1/workflows/${workflowId}/executions`
  const { body } = await client.send<Execution>('POST', target, { input, version, trigger, origin }, headers)
  answer(body, executionDetail)
  if (wait === undefined || body.status === 'completed') return
  const ended = finalStatus.has(body.status)
  throw new CommandFailed(ended ? `it is ${body.status}` : `it has not ended within ${wait} s: it is ${body.status}`)
}

export const startCommand = (): Command =>
  apiCommand('start <workflow>', 'Start an execution of the published version')
    .option('--input <json>', 'its input', json)
    .option('--input-file <file>', 'a file that holds its input as JSON (- is stdin)')
    .option('--version <number>', 'this version instead', integer(1, 1_000_000_000))
    .option('--trigger <node>', 'id or key of the trigger, where there are several')
    .option('--origin <execution>', 'the one in whose place it is started, as with another version after a failure')
    .option('--wait <seconds>', 'wait for its end; fails where it does not complete', integer(1, 60))
    .option('--idempotency-key <key>', 'started once, however often this is said')
    .action(start)

import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import { apiCommand, openSession } from '../apiCommand.js'
import type { Client } from '../client.js'
import { ApiError, ConnectionFailed, UsageError } from '../errors.js'
import { parseEventStream } from '../eventStream.js'
import { fetchList, type ListOptions, listOptions } from '../lists.js'
import { path } from '../paths.js'
import type { LoggedEvent } from '../resources.js'
import { print } from '../terminal/print.js'
import { createEventLines, eventList } from '../views/eventView.js'

/** A server that restarts is back within a few seconds. */
const attempts = 30
const pauseMs = 1_000

const isPassing = (error: unknown): boolean =>
  error instanceof ConnectionFailed || (error instanceof ApiError && (error.status === 503 || error.status === 429))

/** What was, then what comes, until the execution ends. Takes up a broken stream where it broke. */
export async function* followEvents(
  client: Client,
  executionId: string,
  waitMs = pauseMs,
): AsyncGenerator<LoggedEvent> {
  const target = path`/v1/executions/${executionId}/events`
  let last: string | undefined
  let failures = 0
  for (;;) {
    try {
      const resume = last === undefined ? {} : { 'Last-Event-ID': last }
      const text = await client.stream(target, { Accept: 'text/event-stream', ...resume })
      if (text === undefined) return
      for await (const event of parseEventStream(text)) {
        failures = 0
        last = event.id
        yield JSON.parse(event.data) as LoggedEvent
      }
    } catch (error) {
      failures += 1
      // The very first answer tells whether there is such an execution, and such a server.
      if (!isPassing(error) || last === undefined || failures > attempts) throw error
      await sleep(waitMs)
    }
  }
}

interface EventsOptions extends ListOptions {
  readonly follow?: boolean
}

export const eventsCommand = (): Command =>
  listOptions(apiCommand('events <execution>', 'List the events of an execution, oldest first'))
    .option('-f, --follow', 'all of them, then each as it comes, until the execution ends')
    .action(async (id: string, options: EventsOptions) => {
      const { client, json, answer } = openSession(options)
      if (options.follow !== true) {
        answer(await fetchList<LoggedEvent>(client, path`/v1/executions/${id}/events`, {}, options), eventList)
        return
      }
      if (options.limit !== undefined || options.cursor !== undefined || options.all !== undefined) {
        throw new UsageError('--follow shows everything: it does not go with --limit, --cursor and --all')
      }
      const lineOf = json ? JSON.stringify : createEventLines()
      for await (const event of followEvents(client, id)) print(lineOf(event))
    })

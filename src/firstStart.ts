import { v5 as uuidv5, v7 as uuidv7 } from 'uuid'
import type { ApiKeyCommands } from './commands/apiKeys/apiKeyCommands.js'
import { wellFormedKey } from './commands/apiKeys/firstKey.js'
import type { CommandContext } from './commands/commandHandler.js'
import type { WorkflowCommands } from './commands/workflows/workflowCommands.js'
import type { Keys } from './container/keys.js'
import { scopes } from './domain/events/catalogue/apiKeys.js'
import type { EventFeed } from './eventlog/eventFeed.js'
import { seedExample } from './examples/seedExample.js'

/** Commands of the first start have these ids, so that a start that was cut short is gone on with, not repeated. */
const namespace = 'b3a1f8e2-6f0d-5d0a-9a53-2f1c35f6a7d4'

const contextOf = (name: string): CommandContext => {
  const commandId = uuidv5(name, namespace)
  return {
    commandId,
    actor: { kind: 'system', id: 'flowledger', name: 'first start' },
    now: new Date().toISOString(),
    correlationId: uuidv7(),
    causationId: commandId,
  }
}

export interface FirstStartDependencies {
  readonly keys: Keys
  readonly feed: Pick<EventFeed, 'head'>
  readonly apiKeys: Pick<ApiKeyCommands, 'ensure'>
  readonly workflows: WorkflowCommands
  /** Whether an empty log is to be given an example workflow. */
  readonly withExample: boolean
}

/** Shows the person who started the program where it listens and what to try. */
export type Greet = (url: string, print: (line: string) => void) => void

/** Makes the first API key known and, where that is wanted and the log is empty, puts an example workflow there. */
export const firstStart = async (dependencies: FirstStartDependencies): Promise<Greet> => {
  const { feed, apiKeys, workflows, withExample } = dependencies
  const { apiKey, apiKeyIsNew } = dependencies.keys
  if (apiKey === undefined) throw new Error('a process with an API needs a first API key')
  const isNew = withExample && (await feed.head()) === null
  const example = isNew ? await seedExample(workflows, contextOf) : undefined
  const key = wellFormedKey(apiKey)
  await apiKeys.ensure(contextOf(`first key ${key.slice(0, 35)}`), key, { name: 'first key', scopes })

  return (url, print) => {
    print(`Flowledger listens on ${url} (documentation: ${url}/docs)`)
    if (apiKeyIsNew) print(`The first API key, shown only this once: ${apiKey}`)
    if (example !== undefined) {
      const shownKey = apiKeyIsNew ? apiKey : '$API_KEY'
      const input = '{"input":{"event":"issues","payload":{"action":"opened","sender":{"login":"ada"}}}}'
      print('Try the example workflow:')
      print(
        `  curl -X POST ${url}/v1/workflows/${example}/executions -H "X-API-Key: ${shownKey}" ` +
          `-H 'Content-Type: application/json' -H 'Prefer: wait=10' -d '${input}'`,
      )
    }
  }
}

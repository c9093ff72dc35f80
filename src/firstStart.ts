import type { Container } from 'inversify'
import { v5 as uuidv5, v7 as uuidv7 } from 'uuid'
import { wellFormedKey } from './commands/apiKeys/firstKey.js'
import type { CommandContext } from './commands/commandHandler.js'
import { isStandalone } from './config.js'
import type { Keys } from './container/keys.js'
import { tokens } from './container.js'
import { scopes } from './domain/events/catalogue/apiKeys.js'
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

/**
 * Makes the first API key known and, on an empty log where all stores are embedded, puts an example workflow there. Answers
 * with what greets the person who started the program.
 */
export const firstStart = async (
  container: Container,
  keys: Keys,
): Promise<(url: string, print: (line: string) => void) => void> => {
  const { apiKey, apiKeyIsNew } = keys
  if (apiKey === undefined) throw new Error('a process with an API needs a first API key')
  const isEmpty = (await container.get(tokens.feed).head()) === null
  const example =
    isEmpty && isStandalone(container.get(tokens.config))
      ? await seedExample(container.get(tokens.workflows), contextOf)
      : undefined
  await container
    .get(tokens.apiKeys)
    .ensure(contextOf(`first key ${wellFormedKey(apiKey).slice(0, 35)}`), wellFormedKey(apiKey), {
      name: 'first key',
      scopes,
    })

  return (url, print) => {
    print(`Flowledger listens on ${url} (documentation: ${url}/docs)`)
    if (apiKeyIsNew) print(`The first API key, shown only this once: ${apiKey}`)
    if (example !== undefined) {
      const shownKey = apiKeyIsNew ? apiKey : '$API_KEY'
      const input = '{"input":{"event":"issues","payload":{"action":"opened","sender":{"login":"ada"}}}}'
      print('Try the example workflow:')
      print(
        `  curl -X POST ${url}/v1/workflows/${example}/executions -H 'X-API-Key: ${shownKey}' ` +
          `-H 'Content-Type: application/json' -H 'Prefer: wait=10' -d '${input}'`,
      )
    }
  }
}

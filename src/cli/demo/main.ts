import { messageOf } from '../../domain/errors.js'
import { createClient } from '../client.js'
import { bad, good } from '../terminal/style.js'
import { startServer } from './server.js'
import { tellStory } from './story.js'

/** `npm run demo`: the whole story in a terminal; exit 0, or 1 and what was wrong. */
const main = async (): Promise<void> => {
  console.log('Starting Flowledger on an empty directory …')
  const server = await startServer()
  try {
    await tellStory(createClient({ url: server.url, apiKey: server.key }))
  } finally {
    await server.stop()
  }
}

main().then(
  () => console.log(good('\nAll of it works.')),
  (error: unknown) => {
    console.error(bad(`\nThe demo failed: ${messageOf(error)}`))
    process.exitCode = 1
  },
)

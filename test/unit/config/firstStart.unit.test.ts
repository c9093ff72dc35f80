import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { firstStart } from '../../../src/firstStart.js'
import { startWorld } from '../../support/http/world.js'

it('prints a command that sends the key of the environment where it was not made here', async () => {
  const world = await startWorld()
  const { apiKeys, workflows } = world.dependencies
  const apiKey = 'a-key-of-mine'
  const greet = await firstStart({
    keys: { masterKey: '', otherMasterKeys: [], apiKey, apiKeyIsNew: false },
    feed: { head: async () => null },
    apiKeys,
    workflows,
    withExample: true,
  })
  await world.stop()
  const printed: string[] = []
  greet('http://127.0.0.1:1', (line) => printed.push(line))
  const command = printed.find((line) => line.includes('curl')) ?? ''
  const sent = execFileSync('sh', ['-c', `curl() { printf '%s\\n' "$@"; }\n${command}`], {
    env: { ...process.env, API_KEY: apiKey },
    encoding: 'utf8',
  })
  expect(sent.split('\n')).toContain(`X-API-Key: ${apiKey}`)
})

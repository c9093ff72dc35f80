import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import { type Client, createClient } from '../../support/http/client.js'
import { memoryProjections } from '../../support/http/memoryProjections.js'
import { startWorld, type World } from '../../support/http/world.js'

let world: World
let send: Client
/** Called when a store was asked; it never answers. */
let asked: () => void
const never = () => {
  asked()
  return new Promise<never>(() => undefined)
}

beforeAll(async () => {
  const { dependencies, stop } = await startWorld()
  await stop()
  const { reads, audit } = dependencies
  world = await startWorld({
    projections: { ...memoryProjections(), findRebuild: never },
    reads: { ...reads, activity: { ...reads.activity, list: never } },
    audit: { ...audit, history: never },
  })
  send = createClient(world)
})
afterEach(() => {
  vi.useRealTimers()
})
afterAll(() => world.stop())

const id = '00000000-0000-7000-8000-000000000000'

it.each([`/v1/projections/workflows/rebuilds/${id}`, `/v1/executions/${id}/events`, '/v1/audit/events'])(
  '%s, which can be a stream too, answers in JSON within the usual time or says that it can not',
  async (path) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const waiting = new Promise<void>((resolve) => {
      asked = resolve
    })
    const answer = send('get', path)
    await waiting
    await vi.advanceTimersByTimeAsync(30_000)
    const { status, body, headers } = await answer
    expect([status, body.code, headers['retry-after']]).toEqual([503, 'timeout', '1'])
  },
)

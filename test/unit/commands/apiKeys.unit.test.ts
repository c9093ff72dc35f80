import { v7 as uuid } from 'uuid'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { ApiKeyAuthenticator } from '../../../src/commands/apiKeys/apiKeyAuthenticator.js'
import type { ApiKeyCommands } from '../../../src/commands/apiKeys/apiKeyCommands.js'
import { createApiKeyAuthenticator } from '../../../src/commands/apiKeys/createApiKeyAuthenticator.js'
import { createApiKeyCommands } from '../../../src/commands/apiKeys/createApiKeyCommands.js'
import { createCommandHandler } from '../../../src/commands/eventStoreCommandHandler.js'
import { formatApiKey, hashApiKey, keyIdOf } from '../../../src/domain/apiKeys/keyFormat.js'
import { LogUnavailable } from '../../../src/eventlog/eventStore.js'
import { createInMemoryLog, type InMemoryLog } from '../../../src/eventlog/inMemory/inMemoryLog.js'
import { testContext, testNow } from '../../support/commands/context.js'
import { type WatchedStore, watchStore } from '../../support/commands/watchedStore.js'
import { randomIds } from '../../support/commands/workflows.js'

let log: InMemoryLog
let store: WatchedStore
let commands: ApiKeyCommands
let time: number
const authenticators: ApiKeyAuthenticator[] = []

/** As in another process: a handler and a memory of its own. */
const authenticatorOf = (parts: { feed?: InMemoryLog; onError?: (error: unknown) => void } = {}) => {
  const authenticator = createApiKeyAuthenticator({
    handler: createCommandHandler({ store, sleep: async () => {} }),
    clock: { now: () => new Date(Date.parse(testNow) + time) },
    monotonic: () => time,
    ...parts,
  })
  authenticators.push(authenticator)
  return authenticator
}

beforeEach(() => {
  log = createInMemoryLog()
  store = watchStore(log)
  time = 0
  commands = createApiKeyCommands({ handler: createCommandHandler({ store }), ids: randomIds })
})
afterEach(() => Promise.all(authenticators.splice(0).map((each) => each.stop())))

const issue = async (expiresAt: string | null = null) => {
  const { key, apiKey } = await commands.issue(testContext(), {
    ...{ name: 'ci', scopes: ['workflows:read', 'audit:read', 'audit:read'], expiresAt },
  })
  return { key: key ?? '', apiKey }
}

describe('an API key', () => {
  it('is shown once and kept as a hash', async () => {
    const { key, apiKey } = await issue()
    expect(key).toMatch(/^fl_[0-9a-f]{32}_[A-Za-z0-9_-]{43}$/)
    expect(keyIdOf(key)).toBe(apiKey.keyId)
    expect(apiKey).toMatchObject({
      name: 'ci',
      scopes: ['workflows:read', 'audit:read'],
      revokedAt: null,
      hash: hashApiKey(key),
    })
    const logged = JSON.stringify(log.events, (_, value) => (typeof value === 'bigint' ? String(value) : value))
    expect(logged).not.toContain(key.slice(-43))
  })

  it('is made once for a command that comes twice, and not shown again', async () => {
    const context = testContext({ requestHash: 'body' })
    const first = await commands.issue(context, { name: 'ci', scopes: [] })
    const second = await commands.issue(context, { name: 'ci', scopes: [] })
    expect(second).toMatchObject({ replayed: true, key: undefined, apiKey: { keyId: first.apiKey.keyId } })
    expect(log.events).toHaveLength(1)
  })

  it('expires in the future or not at all', async () => {
    for (const expiresAt of [testNow, '2020-01-01T00:00:00.000Z', 'tomorrow']) {
      await expect(issue(expiresAt)).rejects.toMatchObject({
        code: 'invalid_expiry',
        errors: [{ pointer: '/expiresAt' }],
      })
    }
  })

  it('is revoked once', async () => {
    const { apiKey } = await issue()
    expect((await commands.revoke(testContext(), apiKey.keyId)).apiKey.revokedAt).toBe(testNow)
    await commands.revoke(testContext(), apiKey.keyId)
    expect(log.events.map(({ type }) => type)).toEqual(['ApiKeyIssued', 'ApiKeyRevoked'])
    await expect(commands.revoke(testContext(), uuid())).rejects.toMatchObject({ code: 'api_key_not_found' })
  })

  it('from outside becomes known once, and is not brought back', async () => {
    const key = formatApiKey(uuid(), Buffer.alloc(32, 7))
    const ensure = () => commands.ensure(testContext(), key, { name: 'first', scopes: ['keys:manage'] })
    const { apiKey } = await ensure()
    await ensure()
    expect(await authenticatorOf().authenticate(key)).toMatchObject({ keyId: apiKey.keyId, name: 'first' })
    await commands.revoke(testContext(), apiKey.keyId)
    expect((await ensure()).apiKey.revokedAt).toBe(testNow)
    expect(log.events.map(({ type }) => type)).toEqual(['ApiKeyIssued', 'ApiKeyRevoked'])
    const sameId = formatApiKey(apiKey.keyId, Buffer.alloc(32, 8))
    await expect(commands.ensure(testContext(), sameId, { name: 'x', scopes: [] })).rejects.toMatchObject({
      code: 'api_key_mismatch',
    })
    await expect(commands.ensure(testContext(), 'secret', { name: 'x', scopes: [] })).rejects.toMatchObject({
      code: 'malformed_api_key',
    })
  })
})

describe('authentication', () => {
  it('says who sent the key, with its scopes', async () => {
    const { key, apiKey } = await issue()
    expect(await authenticatorOf().authenticate(key)).toEqual({
      keyId: apiKey.keyId,
      name: 'ci',
      scopes: new Set(['workflows:read', 'audit:read']),
      actor: { kind: 'apiKey', id: apiKey.keyId, name: 'ci' },
    })
  })

  it('knows nobody by anything else', async () => {
    const { key, apiKey } = await issue()
    const authenticator = authenticatorOf()
    const wrong = [
      ...['', 'x', key.slice(0, -1), `${key}x`, key.toUpperCase(), key.replace('fl_', 'xx_')],
      ...[formatApiKey(apiKey.keyId, Buffer.alloc(32)), formatApiKey(uuid(), Buffer.alloc(32)), `fl_${apiKey.keyId}_x`],
      // What an unknown key is compared with must not let anything in.
      formatApiKey('00000000-0000-0000-0000-000000000000', Buffer.alloc(32)),
    ]
    for (const each of wrong) expect(await authenticator.authenticate(each)).toBeUndefined()
    expect(await authenticator.authenticate(key)).toBeDefined()
  })

  it('looks into the log for a key that does not exist as for one that does', async () => {
    const { apiKey } = await issue()
    const reads = async (id: string) => {
      store.calls.length = 0
      await authenticatorOf().authenticate(formatApiKey(id, Buffer.alloc(32)))
      return store.calls
    }
    expect(await reads(uuid())).toEqual(await reads(apiKey.keyId))
  })

  it('ends when the key expires, without anything being read', async () => {
    const { key } = await issue(new Date(Date.parse(testNow) + 100).toISOString())
    const authenticator = authenticatorOf()
    expect(await authenticator.authenticate(key)).toBeDefined()
    time = 99
    expect(await authenticator.authenticate(key)).toBeDefined()
    time = 100
    expect(await authenticator.authenticate(key)).toBeUndefined()
  })

  it('remembers a key for less than a second, and answers at once in that time', async () => {
    const { key, apiKey } = await issue()
    const authenticator = authenticatorOf()
    await authenticator.authenticate(key)
    await commands.revoke(testContext(), apiKey.keyId)
    store.calls.length = 0
    time = 400
    expect(authenticator.authenticate(key)).toMatchObject({ keyId: apiKey.keyId })
    expect(store.calls).toEqual([])
    time = 999
    expect(await authenticator.authenticate(key)).toBeUndefined()
  })

  it('looks again in the background while a key is in use', async () => {
    const { key } = await issue()
    const authenticator = authenticatorOf()
    await authenticator.authenticate(key)
    store.calls.length = 0
    for (time of [500, 800, 1_200, 1_500]) {
      expect(authenticator.authenticate(key)).not.toBeInstanceOf(Promise)
      expect(authenticator.authenticate(key)).toBeDefined()
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(store.calls).toEqual(['read', 'read'])
  })

  it('ends at once in every process that follows the log', async () => {
    const { key, apiKey } = await issue()
    const here = authenticatorOf({ feed: log })
    const there = authenticatorOf({ feed: log })
    for (const each of [here, there]) expect(await each.authenticate(key)).toBeDefined()
    await commands.revoke(testContext(), apiKey.keyId)
    await vi.waitFor(async () => {
      for (const each of [here, there]) expect(await each.authenticate(key)).toBeUndefined()
    })
    expect(time).toBe(0)
  })

  it('survives a lost subscription', async () => {
    const { key, apiKey } = await issue()
    let lost = 0
    const feed: InMemoryLog = {
      ...log,
      subscribe: (options) => {
        lost += 1
        if (lost === 1) throw new LogUnavailable('gone')
        return log.subscribe(options)
      },
    }
    const errors: unknown[] = []
    const authenticator = authenticatorOf({ feed, onError: (error) => errors.push(error) })
    expect(await authenticator.authenticate(key)).toBeDefined()
    await vi.waitFor(() => expect(lost).toBe(2), { timeout: 3_000 })
    expect(errors).toEqual([new LogUnavailable('gone')])
    await commands.revoke(testContext(), apiKey.keyId)
    await vi.waitFor(async () => expect(await authenticator.authenticate(key)).toBeUndefined())
  })

  it('is refused, not granted, while the log can not be read', async () => {
    const { key } = await issue()
    const authenticator = authenticatorOf()
    await authenticator.authenticate(key)
    time = 1_000
    const { readStream } = store
    store.readStream = () => {
      throw new LogUnavailable('gone')
    }
    await expect(Promise.resolve(authenticator.authenticate(key))).rejects.toMatchObject({ code: 'log_unavailable' })
    store.readStream = readStream
    expect(await authenticator.authenticate(key)).toBeDefined()
  })
})

import { v7 as uuid } from 'uuid'
import { beforeEach, describe, expect, it } from 'vitest'
import type { CommandHandler } from '../../../src/commands/commandHandler.js'
import { createCommandHandler } from '../../../src/commands/eventStoreCommandHandler.js'
import { createSecretCommands } from '../../../src/commands/secrets/createSecretCommands.js'
import { createSecretReader } from '../../../src/commands/secrets/createSecretReader.js'
import type { DataKeyStore } from '../../../src/commands/secrets/dataKeys.js'
import { newMasterKey, parseMasterKey, seal, unseal } from '../../../src/commands/secrets/envelope.js'
import { createKeyring, type KeyringDependencies } from '../../../src/commands/secrets/keyring.js'
import { rotateMasterKey } from '../../../src/commands/secrets/rotateMasterKey.js'
import type { SecretCommands } from '../../../src/commands/secrets/secretCommands.js'
import type { SecretEvent } from '../../../src/domain/events/catalogue/index.js'
import { secretsAggregate } from '../../../src/domain/secrets/aggregate.js'
import { workflowAggregate } from '../../../src/domain/workflow/aggregate.js'
import { createInMemoryLog, type InMemoryLog } from '../../../src/eventlog/inMemory/inMemoryLog.js'
import { testContext, testNow } from '../../support/commands/context.js'
import { createMemoryDataKeys } from '../../support/commands/memoryDataKeys.js'
import { created, idOf, randomIds, workflowId } from '../../support/commands/workflows.js'

const canary = 'canary-5c1e-do-not-leak'
let log: InMemoryLog
let dataKeys: DataKeyStore
let handler: CommandHandler
let commands: SecretCommands
const masterKey = parseMasterKey(newMasterKey())

const keyringWith = (parts: Partial<KeyringDependencies> = {}) =>
  createKeyring({ store: dataKeys, ids: randomIds, masterKey, maxAgeMs: 1, ...parts })
const readerWith = (parts: Partial<KeyringDependencies> = {}) =>
  createSecretReader({ handler, keyring: keyringWith(parts), maxAgeMs: 0 })

beforeEach(async () => {
  log = createInMemoryLog()
  dataKeys = createMemoryDataKeys()
  handler = createCommandHandler({ store: log })
  commands = createSecretCommands({ handler, keyring: keyringWith() })
  await handler.handle(workflowAggregate, workflowId, testContext(), () => [created])
})

describe('a secret', () => {
  it('is read back by the executor, and by nobody else', async () => {
    const { secret } = await commands.set(testContext(), workflowId, 'TOKEN', canary)
    expect(secret).toEqual({
      ...{ secretId: expect.any(String), key: 'TOKEN', version: 1 },
      ...{ createdAt: testNow, updatedAt: testNow },
    })
    expect(await readerWith().read(workflowId, ['TOKEN'])).toEqual({ TOKEN: canary })
    const everything = JSON.stringify(
      [log.events, await commands.list(workflowId), await dataKeys.find(workflowId)],
      (_, value) => (typeof value === 'bigint' ? String(value) : value),
    )
    expect(everything).not.toContain(canary)
    expect(everything).not.toContain(Buffer.from(canary).toString('base64'))
  })

  it.each(['', 'ä€😀', 'x'.repeat(64 * 1024)])('may have any value', async (value) => {
    await commands.set(testContext(), workflowId, 'TOKEN', value)
    expect(await readerWith().read(workflowId, ['TOKEN'])).toEqual({ TOKEN: value })
  })

  it('set again, also to the same value, is a new version with another ciphertext', async () => {
    const first = await commands.set(testContext(), workflowId, 'TOKEN', canary)
    const second = await commands.set(testContext({ now: '2027-01-01T00:00:00.000Z' }), workflowId, 'TOKEN', canary)
    expect(second.secret).toEqual({ ...first.secret, version: 2, updatedAt: '2027-01-01T00:00:00.000Z' })
    const [one, two] = log.events.slice(-2).map(({ data }) => (data as { ciphertext: string }).ciphertext)
    expect(one).not.toBe(two)
  })

  it('is deleted once; set anew its versions go on', async () => {
    await commands.set(testContext(), workflowId, 'TOKEN', 'a')
    expect((await commands.delete(testContext(), workflowId, 'TOKEN')).secret).toBeUndefined()
    await expect(commands.delete(testContext(), workflowId, 'TOKEN')).rejects.toMatchObject({
      code: 'secret_not_found',
    })
    await expect(readerWith().read(workflowId, ['TOKEN'])).rejects.toMatchObject({ code: 'secret_missing' })
    expect((await commands.set(testContext(), workflowId, 'TOKEN', 'b')).secret?.version).toBe(2)
  })

  it('is listed by key, without its value', async () => {
    for (const key of ['B', 'A']) await commands.set(testContext(), workflowId, key, canary)
    expect((await commands.list(workflowId)).map(({ key }) => key)).toEqual(['A', 'B'])
    expect(await commands.names(workflowId)).toEqual(new Set(['A', 'B']))
  })

  it.each(['token', '1A', '', 'A-B', 'A'.repeat(65)])('can not be called %j', async (key) => {
    await expect(commands.set(testContext(), workflowId, key, 'x')).rejects.toMatchObject({
      code: 'invalid_secret_key',
    })
  })

  it('has at most 64 KiB', async () => {
    const large = commands.set(testContext(), workflowId, 'A', 'x'.repeat(64 * 1024 + 1))
    await expect(large).rejects.toMatchObject({ kind: 'tooLarge', code: 'secret_too_large' })
  })

  it('belongs to a workflow that is there and not archived', async () => {
    await expect(commands.set(testContext(), uuid(), 'A', 'x')).rejects.toMatchObject({ code: 'workflow_not_found' })
    await handler.handle(workflowAggregate, workflowId, testContext(), () => [{ type: 'WorkflowArchived', data: {} }])
    await expect(commands.set(testContext(), workflowId, 'A', 'x')).rejects.toMatchObject({ code: 'workflow_archived' })
  })

  it('that is missing is named, all of them at once', async () => {
    await commands.set(testContext(), workflowId, 'A', 'x')
    await expect(readerWith().read(workflowId, ['A', 'B', 'C'])).rejects.toMatchObject({
      code: 'secret_missing',
      message: 'These secrets are not set: B, C.',
    })
    expect(await readerWith().read(workflowId, [])).toEqual({})
  })

  it('can not be moved to another key, version or workflow', async () => {
    await commands.set(testContext(), workflowId, 'A', canary)
    const { iv, tag, ciphertext } = log.events.at(-1)!.data as Record<'iv' | 'tag' | 'ciphertext', string>
    const { key } = await keyringWith().dataKeyOf(workflowId)
    const sealed = {
      iv: Buffer.from(iv, 'base64'),
      tag: Buffer.from(tag, 'base64'),
      ciphertext: Buffer.from(ciphertext, 'base64'),
    }
    const open = (...context: unknown[]) => unseal(key, sealed, JSON.stringify(context))?.toString()
    expect(open(workflowId, 'A', 1)).toBe(canary)
    expect(open(workflowId, 'B', 1)).toBeUndefined()
    expect(open(workflowId, 'A', 2)).toBeUndefined()
    expect(open(idOf('other'), 'A', 1)).toBeUndefined()
  })
})

describe('destroying the data key', () => {
  it('makes every copy of the secrets unreadable', async () => {
    await commands.set(testContext(), workflowId, 'TOKEN', canary)
    const copy = { type: 'SecretSet', data: log.events.at(-1)!.data } as SecretEvent
    const outcome = await commands.shred(testContext(), workflowId)
    expect(outcome).toMatchObject({ secret: undefined, revision: 1 })
    expect(await commands.list(workflowId)).toEqual([])
    expect(await dataKeys.find(workflowId)).toBeUndefined()

    await handler.handle(secretsAggregate, workflowId, testContext(), () => [copy])
    await expect(readerWith().read(workflowId, ['TOKEN'])).rejects.toMatchObject({ code: 'secret_unreadable' })
  })

  it('leaves room for new secrets under a new key', async () => {
    await commands.set(testContext(), workflowId, 'TOKEN', 'old')
    const before = await dataKeys.find(workflowId)
    await commands.shred(testContext(), workflowId)
    await commands.set(testContext(), workflowId, 'TOKEN', 'new')
    expect((await dataKeys.find(workflowId))?.id).not.toBe(before?.id)
    expect(await readerWith().read(workflowId, ['TOKEN'])).toEqual({ TOKEN: 'new' })
  })
})

describe('rotating the master key', () => {
  const next = parseMasterKey(newMasterKey())
  const rotated = () => keyringWith({ masterKey: next, otherMasterKeys: [masterKey] })

  it('wraps every data key anew, touches no secret and records it once', async () => {
    const second = uuid()
    await handler.handle(workflowAggregate, second, testContext(), () => [
      { ...created, data: { ...created.data, workflowId: second } } as typeof created,
    ])
    for (const id of [workflowId, second]) await commands.set(testContext(), id, 'TOKEN', `of ${id}`)
    const before = log.events.length
    expect(await rotateMasterKey({ handler, keyring: rotated() }, testContext())).toBe(2)
    expect(
      log.events.slice(before).map(({ type, data }) => [type, (data as { masterKeyId: string }).masterKeyId]),
    ).toEqual([
      ['SecretKeyRotated', next.id],
      ['SecretKeyRotated', next.id],
    ])
    for (const id of [workflowId, second]) {
      expect(await readerWith({ masterKey: next }).read(id, ['TOKEN'])).toEqual({ TOKEN: `of ${id}` })
      await expect(readerWith().read(id, ['TOKEN'])).rejects.toMatchObject({ code: 'keyring_master_key' })
    }
    expect(await rotateMasterKey({ handler, keyring: rotated() }, testContext())).toBe(2)
    expect(log.events.length).toBe(before + 2)
  })

  it('leaves every secret readable while it is under way, to who has both keys', async () => {
    const second = uuid()
    await handler.handle(workflowAggregate, second, testContext(), () => [
      { ...created, data: { ...created.data, workflowId: second } } as typeof created,
    ])
    for (const id of [workflowId, second]) await commands.set(testContext(), id, 'TOKEN', `of ${id}`)
    // Cut short after the first of the two.
    for await (const _ of rotated().rewrapAll()) break
    const both = { otherMasterKeys: [next] }
    expect(await keyringWith(both).unopenable()).toBe(0)
    for (const id of [workflowId, second]) {
      expect(await readerWith(both).read(id, ['TOKEN'])).toEqual({ TOKEN: `of ${id}` })
    }
    expect([await keyringWith().unopenable(), await keyringWith({ masterKey: next }).unopenable()]).toEqual([1, 1])
  })

  it('goes on after an interruption between wrapping and recording', async () => {
    await commands.set(testContext(), workflowId, 'TOKEN', canary)
    for await (const _ of rotated().rewrapAll()) break
    for await (const _ of rotated().rewrapAll());
    const before = log.events.length
    await rotateMasterKey({ handler, keyring: rotated() }, testContext())
    expect(log.events.slice(before).map(({ type }) => type)).toEqual(['SecretKeyRotated'])
    expect(await readerWith({ masterKey: next }).read(workflowId, ['TOKEN'])).toEqual({ TOKEN: canary })
  })
})

describe('a keyring', () => {
  it('comes to one data key for a workflow, however many ask at once', async () => {
    const keys = await Promise.all(
      [keyringWith(), keyringWith(), keyringWith()].map((each) => each.dataKeyOf(workflowId)),
    )
    expect(new Set(keys.map(({ id, key }) => `${id} ${key.toString('hex')}`)).size).toBe(1)
  })

  it('that can not be reached says so', async () => {
    const broken: DataKeyStore = { ...dataKeys, find: () => Promise.reject(new Error('connection refused')) }
    await expect(keyringWith({ store: broken }).dataKeyOf(workflowId)).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'keyring_unavailable',
    })
  })

  it('does not open a data key that was put in the place of another', async () => {
    const other = idOf('other')
    await keyringWith().dataKeyOf(workflowId)
    const moved = { ...(await dataKeys.find(workflowId))!, workflowId: other }
    await dataKeys.insert(moved)
    await expect(keyringWith().dataKeyOf(other)).rejects.toMatchObject({ code: 'keyring_master_key' })
  })
})

describe('a master key', () => {
  it('is 32 bytes in base64, and known by its fingerprint', () => {
    const text = newMasterKey()
    expect(parseMasterKey(`${text}\n`)).toEqual(parseMasterKey(text))
    expect(parseMasterKey(text).id).toMatch(/^[0-9a-f]{16}$/)
    expect(parseMasterKey(newMasterKey()).id).not.toBe(parseMasterKey(text).id)
    for (const wrong of ['', 'short', `${text}AAAA`, `!${text}`, 'ä'.repeat(43)]) {
      expect(() => parseMasterKey(wrong)).toThrow('32 bytes')
    }
  })

  it('seals differently each time, and opens nothing that was changed', () => {
    const { key } = masterKey
    const sealed = seal(key, Buffer.from('x'), 'context')
    expect(seal(key, Buffer.from('x'), 'context').iv).not.toEqual(sealed.iv)
    for (const part of ['iv', 'tag', 'ciphertext'] as const) {
      const changed = Buffer.from(sealed[part])
      changed[0] = (changed[0] ?? 0) ^ 1
      expect(unseal(key, { ...sealed, [part]: changed }, 'context')).toBeUndefined()
    }
    expect(unseal(key, { ...sealed, tag: sealed.tag.subarray(0, 4) }, 'context')).toBeUndefined()
  })
})

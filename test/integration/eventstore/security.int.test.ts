import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Credentials,
  EventStoreDBClient,
  jsonEvent,
  persistentSubscriptionToStreamSettingsFromDefaults,
} from '@eventstore/db-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type EmbeddedEventStore, startEmbeddedEventStore } from '../../../src/embedded/eventstore/index.js'
import { requestScavenge } from '../../../src/embedded/eventstore/operations/requestScavenge.js'
import { selfSigned } from '../../support/eventstore/certificate.js'
import { collect, numbered, rejection } from '../../support/eventstore/events.js'
import { inboxOf } from '../../support/eventstore/inbox.js'
import { newStream } from '../../support/eventstore/server.js'

const directory = mkdtempSync(join(tmpdir(), 'eventstore-'))
const admin: Credentials = { username: 'admin', password: 'secret-1' }
const ops: Credentials = { username: 'ops', password: 'secret-2' }
let store: EmbeddedEventStore
let client: EventStoreDBClient

beforeAll(async () => {
  const tls = selfSigned()
  writeFileSync(join(directory, 'ca.pem'), tls.certificate)
  const users = { admin: admin.password, ops: ops.password }
  store = await startEmbeddedEventStore({ directory: join(directory, 'store'), tls, users })
  const ca = encodeURIComponent(join(directory, 'ca.pem'))
  client = EventStoreDBClient.connectionString(`esdb://localhost:${store.port}?tls=true&tlsCAFile=${ca}`)
})
afterAll(async () => {
  await client.dispose()
  await store.stop()
  rmSync(directory, { recursive: true, force: true })
})

const append = (stream: string, credentials?: Credentials) =>
  client.appendToStream(stream, numbered(1), credentials ? { credentials } : {})
const read = (stream: string, credentials?: Credentials) =>
  collect(client.readStream(stream, credentials ? { credentials } : {}))

test('lets in who knows the password, and nobody else', async () => {
  const stream = newStream()
  expect(await append(stream, admin)).toMatchObject({ success: true })
  expect(await append(stream, ops)).toMatchObject({ success: true })
  expect(await rejection(append(stream, { ...admin, password: 'wrong' }))).toMatchObject({ type: 'access-denied' })
  expect(await rejection(append(stream, { username: 'nobody', password: '' }))).toMatchObject({ type: 'access-denied' })
  expect(await rejection(append(stream))).toMatchObject({ type: 'access-denied' })
  expect(await rejection(read(stream))).toMatchObject({ type: 'access-denied' })
})

test.each([
  ['a wrong password', 'admin:wrong'],
  ['nobody known', 'nobody:secret-1'],
])('lets nobody in whose connection string names %s', async (_, user) => {
  const ca = encodeURIComponent(join(directory, 'ca.pem'))
  const stranger = EventStoreDBClient.connectionString(
    `esdb://${user}@localhost:${store.port}?tls=true&tlsCAFile=${ca}`,
  )
  const stream = newStream()
  const attempts = () => Array.from({ length: 3 }, () => rejection(stranger.appendToStream(stream, numbered(1))))
  for (let round = 0; round < 2; round++) {
    for (const refused of await Promise.all(attempts())) expect(refused).toMatchObject({ type: 'access-denied' })
  }
  expect(await rejection(collect(stranger.readStream(stream)))).toMatchObject({ type: 'access-denied' })
  await stranger.dispose()
  expect(await rejection(read(stream, admin))).toMatchObject({ type: 'stream-not-found' })
})

test('holds users to the ACL of a stream, and administrators to none', async () => {
  const stream = newStream()
  await append(stream, ops)
  await client.setStreamMetadata(
    stream,
    { acl: { writeRoles: ['$admins'], readRoles: ['ops'], metaReadRoles: ['$admins'] } },
    { credentials: admin },
  )
  expect(await rejection(append(stream, ops))).toMatchObject({ type: 'access-denied' })
  expect(await read(stream, ops)).toHaveLength(1)
  expect(await rejection(client.getStreamMetadata(stream, { credentials: ops }))).toMatchObject({
    type: 'access-denied',
  })
  expect(await append(stream, admin)).toMatchObject({ success: true })
})

test('keeps system streams and $all for administrators', async () => {
  await append('$secret', admin)
  expect(await rejection(read('$secret', ops))).toMatchObject({ type: 'access-denied' })
  expect(await rejection(collect(client.readAll({ credentials: ops })))).toMatchObject({ type: 'access-denied' })
  expect((await collect(client.readAll({ credentials: admin }))).length).toBeGreaterThan(0)
})

test('is discovered without credentials', async () => {
  const ca = encodeURIComponent(join(directory, 'ca.pem'))
  const url = `esdb+discover://admin:${admin.password}@localhost:${store.port}?tls=true&tlsCAFile=${ca}`
  const discovering = EventStoreDBClient.connectionString(url)
  expect(await discovering.appendToStream(newStream(), numbered(1))).toMatchObject({ success: true })
  await discovering.dispose()
})

test('lets administrators and operators scavenge, over a connection string like that of clients', async () => {
  const url = (user: Credentials) =>
    `esdb://${user.username}:${user.password}@localhost:${store.port}?tls=true&tlsCAFile=${encodeURIComponent(join(directory, 'ca.pem'))}`
  for (const user of [admin, ops]) expect((await requestScavenge(url(user))).id).not.toBe('')
  expect((await rejection(requestScavenge(url({ ...ops, password: 'wrong' })))).message).toContain('password is wrong')
})

describe('an ACL', () => {
  const acl = (roles: Record<string, string[]>) => ({ acl: roles })
  const denied = { type: 'access-denied' }

  test('for writing metadata holds for the metadata stream', async () => {
    const stream = newStream()
    await client.setStreamMetadata(stream, acl({ metaWriteRoles: ['$admins'] }), { credentials: admin })
    const change = (credentials: Credentials) => client.setStreamMetadata(stream, { maxCount: 2 }, { credentials })
    expect(await rejection(change(ops))).toMatchObject(denied)
    expect(await append(stream, ops)).toMatchObject({ success: true })
    expect(await change(admin)).toMatchObject({ success: true })
  })

  test.each(['deleteStream', 'tombstoneStream'] as const)('for deleting holds for %s', async (method) => {
    const stream = newStream()
    await append(stream, admin)
    await client.setStreamMetadata(stream, acl({ deleteRoles: ['$admins'] }), { credentials: admin })
    expect(await rejection(client[method](stream, { credentials: ops }))).toMatchObject(denied)
    expect((await client[method](stream, { credentials: admin })).position).toBeDefined()
  })

  test('of $all lets others than administrators read it', async () => {
    const all = () => collect(client.readAll({ credentials: ops, maxCount: 1 }))
    expect(await rejection(all())).toMatchObject(denied)
    await client.setStreamMetadata('$all', acl({ readRoles: ['$ops'] }), { credentials: admin })
    expect(await all()).toHaveLength(1)
    await client.setStreamMetadata('$all', acl({ readRoles: ['$admins'] }), { credentials: admin })
    expect(await rejection(all())).toMatchObject(denied)
  })

  test('for reading holds for subscribers and for consumers of groups', async () => {
    const stream = newStream()
    const settings = persistentSubscriptionToStreamSettingsFromDefaults()
    await client.createPersistentSubscriptionToStream(stream, 'g', settings, { credentials: ops })
    await client.setStreamMetadata(stream, acl({ readRoles: ['$admins'] }), { credentials: admin })
    const consumer = client.subscribeToPersistentSubscriptionToStream(stream, 'g', { credentials: ops })
    expect(await inboxOf(consumer, () => undefined).failure).toMatchObject(denied)
    const subscriber = client.subscribeToStream(stream, { credentials: ops })
    expect(await inboxOf(subscriber, () => undefined).failure).toMatchObject(denied)
  })

  test('in $settings is the default of user streams and of system streams', async () => {
    const [mine, system] = [newStream(), `$${newStream()}`]
    await append(mine, admin)
    await append(system, admin)
    const settings = (user: string, ofSystem: string) =>
      client.appendToStream(
        '$settings',
        jsonEvent({ type: '$settings', data: { $userStreamAcl: { $r: user }, $systemStreamAcl: { $r: ofSystem } } }),
        { credentials: admin },
      )
    await settings('$admins', '$ops')
    expect(await rejection(read(mine, ops))).toMatchObject(denied)
    expect(await read(system, ops)).toHaveLength(1)
    await settings('$all', '$admins')
    expect(await read(mine, ops)).toHaveLength(1)
    expect(await rejection(read(system, ops))).toMatchObject(denied)
  })
})

test('lets operators manage persistent subscriptions', async () => {
  const settings = persistentSubscriptionToStreamSettingsFromDefaults()
  const stream = newStream()
  expect(await rejection(client.createPersistentSubscriptionToStream(stream, 'g', settings))).toMatchObject({
    type: 'access-denied',
  })
  await client.createPersistentSubscriptionToStream(stream, 'g', settings, { credentials: ops })
})

test('refuses to delete a metadata stream', async () => {
  const stream = newStream()
  await client.setStreamMetadata(stream, { maxCount: 1 }, { credentials: admin })
  expect(await rejection(client.deleteStream(`$$${stream}`, { credentials: admin }))).toMatchObject({
    type: 'access-denied',
  })
})

test('does not start with TLS and without a password', async () => {
  const started = startEmbeddedEventStore({ directory: join(directory, 'other'), tls: selfSigned() })
  expect(await rejection(started)).toMatchObject({ code: 'invalid-options' })
})

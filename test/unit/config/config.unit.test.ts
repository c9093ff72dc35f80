import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { ConfigError, isStandalone, loadConfig } from '../../../src/config.js'

const directory = mkdtempSync(join(tmpdir(), 'flowledger-config-'))
afterAll(() => rmSync(directory, { recursive: true }))

const messageOf = (environment: NodeJS.ProcessEnv): string => {
  try {
    loadConfig(environment)
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  throw new Error('the configuration was accepted')
}
const key = Buffer.alloc(32, 7).toString('base64')

describe('the configuration', () => {
  it('needs nothing: everything is embedded on loopback', () => {
    const config = loadConfig({})
    expect(config).toMatchObject({ HOST: '127.0.0.1', PORT: 3000, DATA_DIR: './data', LOG_LEVEL: 'info' })
    expect([...config.ROLES]).toEqual(['api', 'projector', 'executor'])
    expect(config.ALLOW_PRIVATE_NETWORKS).toBe(false)
    expect(isStandalone(config)).toBe(true)
  })

  it('lists every bad variable in one line', () => {
    const message = messageOf({
      PORT: '70000',
      ROLES: 'api,king',
      LOG_LEVEL: 'loud',
      MONGO_URL: 'http://x',
      MASTER_KEY: 'x',
    })
    expect(message).not.toContain('\n')
    for (const name of ['PORT', 'ROLES', 'LOG_LEVEL', 'MONGO_URL', 'MASTER_KEY']) expect(message).toContain(name)
  })

  it('never repeats a secret in its complaint', () => {
    expect(messageOf({ MASTER_KEY: 'hush-hush', API_KEY: 'hush hush' })).not.toContain('hush')
  })

  it('takes an empty variable for a missing one', () => {
    expect(loadConfig({ PORT: '', POSTGRES_URL: '' })).toMatchObject({ PORT: 3000, POSTGRES_URL: undefined })
  })

  it('reads a secret from a file', () => {
    const file = join(directory, 'master')
    writeFileSync(file, `${key}\n`)
    expect(loadConfig({ MASTER_KEY_FILE: file }).MASTER_KEY).toEqual([key])
    expect(messageOf({ MASTER_KEY_FILE: file, MASTER_KEY: key })).toContain('both set')
    expect(messageOf({ MASTER_KEY_FILE: join(directory, 'none') })).toContain("can't be read")
  })

  it('takes several master keys, the newest first', () => {
    const other = Buffer.alloc(32, 8).toString('base64')
    expect(loadConfig({ MASTER_KEY: `${key}, ${other}` }).MASTER_KEY).toEqual([key, other])
    expect(messageOf({ MASTER_KEY: `${key},zz` })).toContain('MASTER_KEY must be 32 bytes in base64')
    expect(messageOf({ MASTER_KEY: ',' })).toContain('MASTER_KEY must be')
  })

  it.each(['abc', '70000', ' ', '-1', '1.5', '0x50'])('says of the port %j what it may be', (PORT) => {
    expect(messageOf({ PORT })).toBe('bad configuration: PORT must be a number from 0 to 65535')
  })

  it.each(['localhost:4318', 'http://', 'ftp://host', 'http://a b'])(
    'says of the receiver of traces %j what it may be',
    (url) => {
      expect(messageOf({ OTEL_EXPORTER_OTLP_ENDPOINT: url })).toBe(
        'bad configuration: OTEL_EXPORTER_OTLP_ENDPOINT must be a URL that starts with http:// or https://',
      )
    },
  )

  it('refuses real stores without the keys that only people can choose', () => {
    const message = messageOf({ POSTGRES_URL: 'postgres://localhost/x' })
    expect(message).toContain('API_KEY')
    expect(message).toContain('MASTER_KEY')
  })
})

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { resolveConnection } from '../../../src/cli/connection.js'
import { UsageError } from '../../../src/cli/errors.js'
import { temporaryFolder } from '../../support/embedded/temporaryFolder.js'

const API_KEY = 'key-of-the-environment'

describe('which server is called, and by which key', () => {
  it.each([
    [{}, 'http://127.0.0.1:3000'],
    [{ HOST: '0.0.0.0', PORT: '8080' }, 'http://127.0.0.1:8080'],
    [{ HOST: '::', PORT: '8080' }, 'http://[::1]:8080'],
    [{ HOST: 'fe80::1', PORT: '8080' }, 'http://[fe80::1]:8080'],
    [{ FLOWLEDGER_URL: 'https://flows.example/base/', PORT: 'nonsense-is-not-asked-for' }, undefined],
    [{ FLOWLEDGER_URL: 'https://flows.example/base/' }, 'https://flows.example/base'],
  ])('finds the server in %j', (environment, url) => {
    const resolve = () => resolveConnection({}, { API_KEY, ...environment }).url
    if (url === undefined) expect(resolve).toThrow('PORT')
    else expect(resolve()).toBe(url)
  })

  it('takes what the command line says before what the environment says', () => {
    const environment = { API_KEY, FLOWLEDGER_URL: 'http://elsewhere:1' }
    expect(resolveConnection({ url: 'http://here:2', apiKey: 'given' }, environment)).toEqual({
      url: 'http://here:2',
      apiKey: 'given',
    })
    expect(resolveConnection({}, environment).apiKey).toBe(API_KEY)
  })

  it('does not ask for what only a server needs', () => {
    const environment = { API_KEY, POSTGRES_URL: 'postgres://db/x', LOG_LEVEL: 'loud' }
    expect(resolveConnection({}, environment).apiKey).toBe(API_KEY)
  })

  it('uses the key file of the data directory for a server on this machine, and sends it to no other', () => {
    const DATA_DIR = temporaryFolder()
    writeFileSync(join(DATA_DIR, 'api-key'), 'key-of-the-file\n')
    for (const url of ['http://127.0.0.1:1', 'http://localhost:1', 'http://[::1]:1']) {
      expect(resolveConnection({ url }, { DATA_DIR }).apiKey).toBe('key-of-the-file')
    }
    for (const url of ['http://flows.example', 'http://127.0.0.1.flows.example', 'http://10.0.0.1']) {
      expect(() => resolveConnection({ url }, { DATA_DIR })).toThrow(/no API key/)
    }
  })

  it.each([
    ['no key anywhere', {}, { DATA_DIR: '/nonexistent' }],
    ['a port that nobody knows', {}, { API_KEY, PORT: '0' }],
    ['an address of another kind', { url: 'ftp://flows.example' }, { API_KEY }],
    ['an address with a password', { url: 'http://a:b@flows.example' }, { API_KEY }],
    ['no address at all', { url: 'flows' }, { API_KEY }],
    ['a key that no header can hold', { apiKey: 'a\nb' }, {}],
  ])('refuses %s as wrong use', (_, options, environment) => {
    expect(() => resolveConnection(options, environment)).toThrow(UsageError)
  })
})

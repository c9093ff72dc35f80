import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { newMasterKey } from '../../../src/commands/secrets/envelope.js'
import { loadConfig } from '../../../src/config.js'
import { loadKeys } from '../../../src/container/keys.js'
import { openDataDirectory } from '../../../src/embedded/dataDirectory/index.js'
import { temporaryFolder } from '../../support/embedded/temporaryFolder.js'

const [old, next] = [newMasterKey(), newMasterKey()]

it('a server on a directory whose rotation was cut short has both master keys', async () => {
  const directory = await openDataDirectory(temporaryFolder())
  const write = (name: string, key: string) => writeFileSync(join(directory.path, name), key, { mode: 0o600 })
  write('master-key', old)
  expect(await loadKeys(loadConfig({}), directory)).toMatchObject({ masterKey: old, otherMasterKeys: [] })
  write('master-key.next', next)
  expect(await loadKeys(loadConfig({}), directory)).toMatchObject({ masterKey: old, otherMasterKeys: [next] })
  await directory.release()
})

it('MASTER_KEY may hold the keys of before, after the one that wraps', async () => {
  const config = loadConfig({ MASTER_KEY: `${next},${old}`, API_KEY: 'a-key-of-mine' })
  expect(await loadKeys(config, undefined)).toMatchObject({ masterKey: next, otherMasterKeys: [old] })
})

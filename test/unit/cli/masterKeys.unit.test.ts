import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkMasterKeys, openMasterKeys } from '../../../src/cli/direct/masterKeys.js'
import { newMasterKey, parseMasterKey } from '../../../src/commands/secrets/envelope.js'
import { loadConfig } from '../../../src/config.js'
import { temporaryFolder } from '../../support/embedded/temporaryFolder.js'

const read = (...parts: string[]) => readFileSync(join(...parts), 'utf8')

/** A data directory that keeps a master key, and a file with another one. */
const directoryWithKey = () => {
  const folder = temporaryFolder()
  const [old, other] = [newMasterKey(), newMasterKey()]
  writeFileSync(join(folder, 'master-key'), old, { mode: 0o600 })
  const file = join(temporaryFolder(), 'new-key')
  writeFileSync(file, `${other}\n`)
  return { folder, old, other, file, config: loadConfig({ DATA_DIR: folder }) }
}

describe('the two master keys of a rotation', () => {
  it('are both on disk, private, until the new one takes the place of the old one', async () => {
    const { folder, old, other, file, config } = directoryWithKey()
    const keys = await openMasterKeys(config, file)
    expect([keys.present[0]?.id, keys.next.id]).toEqual([parseMasterKey(old).id, parseMasterKey(other).id])
    expect([read(folder, 'master-key'), read(folder, 'master-key.next')]).toEqual([old, other])
    await keys.settle()
    expect(readdirSync(folder)).toEqual(['master-key'])
    expect(read(folder, 'master-key')).toBe(other)
    expect(statSync(join(folder, 'master-key')).mode & 0o777).toBe(0o600)
  })

  it('are the same two after a rotation that was cut short, and no third one comes between', async () => {
    const { folder, file, config } = directoryWithKey()
    const first = await openMasterKeys(config, undefined)
    const again = await openMasterKeys(config, undefined)
    expect([again.present, again.next]).toEqual([first.present, first.next])
    await expect(openMasterKeys(config, file)).rejects.toThrow('was cut short')
    expect(read(folder, 'master-key.next')).toBe(first.nextText)
  })

  it('are one when the rotation to that key was done before', async () => {
    const { folder, file, config } = directoryWithKey()
    await (await openMasterKeys(config, file)).settle()
    const again = await openMasterKeys(config, file)
    expect([again.next]).toEqual(again.present)
    await again.settle()
    expect(readdirSync(folder)).toEqual(['master-key'])
  })

  it('come from outside where MASTER_KEY is set; then no file is written', async () => {
    const { folder, other, file } = directoryWithKey()
    const MASTER_KEY = newMasterKey()
    const config = loadConfig({ DATA_DIR: folder, MASTER_KEY })
    const keys = await openMasterKeys(config, file)
    expect([keys.present[0]?.id, keys.next.id]).toEqual([parseMasterKey(MASTER_KEY).id, parseMasterKey(other).id])
    await keys.settle()
    expect(readdirSync(folder)).toEqual(['master-key'])
    await expect(checkMasterKeys(config, undefined)).rejects.toThrow('--new-master-key-file')
  })

  it('are all in MASTER_KEY where the new one comes first there', async () => {
    const MASTER_KEY = [newMasterKey(), newMasterKey()]
    const config = loadConfig({ MASTER_KEY: MASTER_KEY.join(',') })
    await checkMasterKeys(config, undefined)
    const { present, next } = await openMasterKeys(config, undefined)
    expect(present.map(({ id }) => id)).toEqual(MASTER_KEY.map((key) => parseMasterKey(key).id))
    expect(next).toEqual(present[0])
  })

  it('are missed before anything is made', async () => {
    const { folder, config } = directoryWithKey()
    const bad = join(temporaryFolder(), 'bad')
    writeFileSync(bad, 'too short')
    await expect(checkMasterKeys(config, bad)).rejects.toThrow('32 bytes')
    await expect(checkMasterKeys(config, '/nonexistent/key')).rejects.toThrow('there is no file')
    const empty = loadConfig({ DATA_DIR: join(folder, 'empty') })
    await expect(checkMasterKeys(empty, undefined)).rejects.toThrow('there is no master key')
    expect(readdirSync(folder)).toEqual(['master-key'])
  })
})

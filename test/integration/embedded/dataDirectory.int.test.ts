import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type DataDirectory, openDataDirectory } from '../../../src/embedded/dataDirectory/index.js'
import { runScript } from '../../support/embedded/childScript.js'
import { temporaryFolder } from '../../support/embedded/temporaryFolder.js'

const asRoot = process.getuid?.() === 0

const open = async (path: string): Promise<DataDirectory> => {
  const directory = await openDataDirectory(path)
  onTestFinished(() => directory.release())
  return directory
}

describe('a data directory', () => {
  it('is created private, with the folders above it', async () => {
    const path = join(temporaryFolder(), 'a', 'b')
    const directory = await open(path)
    expect(directory.path).toBe(path)
    expect(statSync(path).mode & 0o777).toBe(0o700)
    expect(statSync(await directory.folder('store')).mode & 0o777).toBe(0o700)
  })

  it('is made private when it exists and is empty', async () => {
    const path = temporaryFolder()
    chmodSync(path, 0o755)
    await open(path)
    expect(statSync(path).mode & 0o777).toBe(0o700)
  })

  it('is refused, and left as it is, when it holds the files of somebody else', async () => {
    const path = temporaryFolder()
    chmodSync(path, 0o755)
    writeFileSync(join(path, 'thesis.txt'), 'chapter one')
    await expect(openDataDirectory(path)).rejects.toMatchObject({ code: 'data_directory_foreign' })
    expect(statSync(path).mode & 0o777).toBe(0o755)
    expect(readdirSync(path)).toEqual(['thesis.txt'])
  })

  it('is refused with one line where its path leads through a file', async () => {
    const file = join(temporaryFolder(), 'file')
    writeFileSync(file, '')
    for (const path of [file, join(file, 'data')]) {
      await expect(openDataDirectory(path)).rejects.toMatchObject({
        code: 'data_directory_unusable',
        message: expect.stringMatching(/^The data directory \S+ can't be used: .*file\. Set DATA_DIR to [^\n]+$/),
      })
    }
  })

  it.runIf(asRoot)('is refused where this user may not write, or that belongs to another user', async () => {
    const path = temporaryFolder()
    chmodSync(path, 0o711)
    const inside = runScript('holdDataDirectory.ts', [join(path, 'data')], { uid: 65_534, gid: 65_534 })
    expect(await inside.waitFor((line) => line.startsWith('refused'))).toMatch(
      /data_directory_unusable.*permission denied/,
    )
    const itself = runScript('holdDataDirectory.ts', [path], { uid: 65_534, gid: 65_534 })
    expect(await itself.waitFor((line) => line.startsWith('refused'))).toContain('data_directory_foreign')
  })

  it('opens again after it was released, and not before', async () => {
    const path = join(temporaryFolder(), 'data')
    const first = await openDataDirectory(path)
    await expect(openDataDirectory(path)).rejects.toMatchObject({ code: 'data_directory_in_use' })
    await first.release()
    const second = await openDataDirectory(path)
    await second.release()
    expect(readdirSync(path)).toEqual(['flowledger-data'])
  })

  it('has one owner among many that try at the same moment', async () => {
    const path = join(temporaryFolder(), 'data')
    const tries = await Promise.allSettled(Array.from({ length: 12 }, () => openDataDirectory(path)))
    const winners = tries.filter((result) => result.status === 'fulfilled').map((result) => result.value)
    expect(winners.length).toBeLessThanOrEqual(1)
    for (const winner of winners) await winner.release()
    await (await openDataDirectory(path)).release()
  })

  it.each(['short', 'a path longer than a socket address '.repeat(5).trim()])(
    'names the process that owns it, also a suspended one, and is free once that was killed (%s)',
    async (name) => {
      const path = join(temporaryFolder(), name)
      const owner = runScript('holdDataDirectory.ts', [path])
      await owner.waitFor((line) => line === 'open')
      const refusal = {
        code: 'data_directory_in_use',
        message: `The data directory ${path} is already in use by process ${owner.pid}. Stop that process, or set DATA_DIR to another directory.`,
      }
      owner.kill('SIGSTOP')
      await expect(openDataDirectory(path)).rejects.toMatchObject(refusal)
      owner.kill('SIGKILL')
      await owner.exited
      await open(path)
    },
  )
})

describe('a private file in it', () => {
  it('is created once, with mode 0600, and read ever after', async () => {
    const directory = await open(join(temporaryFolder(), 'data'))
    let made = 0
    const create = () => `key ${++made}`
    const all = await Promise.all(Array.from({ length: 5 }, () => directory.readOrCreatePrivateFile('api-key', create)))
    const content = readFileSync(join(directory.path, 'api-key'), 'utf8')
    expect(new Set(all)).toEqual(new Set([content]))
    expect(await directory.readOrCreatePrivateFile('api-key', () => 'another')).toBe(content)
    expect(statSync(join(directory.path, 'api-key')).mode & 0o777).toBe(0o600)
    expect(readdirSync(directory.path).filter((name) => name.startsWith('.'))).toEqual([])
  })

  it('is not created when its content can not be made', async () => {
    const directory = await open(join(temporaryFolder(), 'data'))
    const fail = () => {
      throw new Error('no entropy')
    }
    await expect(directory.readOrCreatePrivateFile('master-key', fail)).rejects.toThrow('no entropy')
    expect(existsSync(join(directory.path, 'master-key'))).toBe(false)
  })

  it('is refused when others can read it, when it is empty, and when it is no file', async () => {
    const directory = await open(join(temporaryFolder(), 'data'))
    writeFileSync(join(directory.path, 'readable'), 'secret', { mode: 0o644 })
    writeFileSync(join(directory.path, 'empty'), '', { mode: 0o600 })
    mkdirSync(join(directory.path, 'folder'))
    for (const name of ['readable', 'empty', 'folder']) {
      await expect(directory.readOrCreatePrivateFile(name, () => 'new')).rejects.toMatchObject({
        code: 'data_directory_file_invalid',
        message: expect.stringContaining(join(directory.path, name)),
      })
    }
  })
})

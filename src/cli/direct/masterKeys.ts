import { join } from 'node:path'
import { type MasterKey, newMasterKey, parseMasterKey } from '../../commands/secrets/envelope.js'
import type { Config } from '../../config.js'
import { CommandFailed, describe, UsageError } from '../errors.js'
import { readKeyFile, renameKeyFile, writeKeyFile } from './keyFile.js'

/** The keys of a rotation, and what makes the new one the present one when all is done. */
export interface MasterKeys {
  /** What data keys may be wrapped by. */
  readonly present: readonly MasterKey[]
  readonly next: MasterKey
  readonly nextText: string
  /** Whether the data directory keeps the key, so that `settle` puts the new one there. */
  readonly kept: boolean
  settle(): Promise<void>
}

const givenKey = async (file: string): Promise<string> => {
  const text = await readKeyFile(file).catch((error: unknown) => {
    throw new UsageError(`--new-master-key-file can't be read: ${describe(error)}`)
  })
  if (text === undefined) throw new UsageError(`--new-master-key-file: there is no file ${file}`)
  parseMasterKey(text)
  return text
}

const keyFiles = (directory: string) => ({
  present: join(directory, 'master-key'),
  next: join(directory, 'master-key.next'),
})

/** Before any store is started: what is missing is said at once, and nothing is made. */
export const checkMasterKeys = async ({ MASTER_KEY, DATA_DIR }: Config, file: string | undefined): Promise<void> => {
  if (file !== undefined) await givenKey(file)
  if (MASTER_KEY !== undefined) {
    if (file !== undefined || MASTER_KEY.length > 1) return
    throw new UsageError('MASTER_KEY is set: give the new one with --new-master-key-file, or first in MASTER_KEY')
  }
  const { present } = keyFiles(DATA_DIR)
  if ((await readKeyFile(present)) === undefined) throw new CommandFailed(`there is no master key in ${DATA_DIR}`)
}

/**
 * Where the data directory keeps the key, the next one is written beside it before anything is wrapped by it, and takes its place
 * when everything is: whenever the process is killed, both keys are on disk until the old one is of no use. Called by the owner
 * of the directory.
 */
export const openMasterKeys = async (config: Config, file: string | undefined): Promise<MasterKeys> => {
  const given = file === undefined ? undefined : await givenKey(file)
  const [first, ...others] = config.MASTER_KEY ?? []
  if (first !== undefined) {
    const nextText = given ?? first
    const present = [first, ...others].map(parseMasterKey)
    return { present, next: parseMasterKey(nextText), nextText, kept: false, settle: async () => undefined }
  }
  const files = keyFiles(config.DATA_DIR)
  const present = parseMasterKey((await readKeyFile(files.present)) ?? '')
  const begun = await readKeyFile(files.next)
  if (begun !== undefined && given !== undefined && parseMasterKey(begun).id !== parseMasterKey(given).id) {
    throw new CommandFailed(
      'a rotation to another key was cut short: run it without --new-master-key-file to finish it',
    )
  }
  const nextText = begun ?? given ?? newMasterKey()
  const next = parseMasterKey(nextText)
  const isNew = next.id !== present.id
  if (isNew && begun === undefined) await writeKeyFile(files.next, nextText)
  const settle = async () => {
    if (isNew) await renameKeyFile(files.next, files.present)
  }
  return { present: [present], next, nextText, kept: true, settle }
}

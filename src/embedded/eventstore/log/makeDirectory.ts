import { mkdirSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { EventStoreError } from '../errors.js'

/**
 * Makes a private directory, and those above it, where it is missing. Node's own recursive form never returns where the
 * system says ENOENT for ever, as below /proc.
 * @throws EventStoreError `directory-unusable`.
 */
export function makeDirectory(path: string): void {
  try {
    make(resolve(path))
  } catch (error) {
    const { message } = error as Error
    throw new EventStoreError('directory-unusable', `${path} can't be made: ${message}`, { cause: error })
  }
}

function make(path: string): void {
  if (isDirectory(path)) return
  const parent = dirname(path)
  if (parent !== path) make(parent)
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    // Somebody else may have made it meanwhile.
    if (!isDirectory(path)) throw error
  }
}

const isDirectory = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false

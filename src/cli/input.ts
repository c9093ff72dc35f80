import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { InvalidArgumentError } from 'commander'
import { describe, UsageError } from './errors.js'

/** Parses an option's value as a whole number within bounds. */
export const integer =
  (min: number, max: number) =>
  (value: string): number => {
    const number = Number(value)
    if (/^\d+$/.test(value) && number >= min && number <= max) return number
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`)
  }

/** Parses an option's value as a number that is not negative. */
export const quantity = (value: string): number => {
  const number = Number(value)
  if (value.trim() !== '' && Number.isFinite(number) && number >= 0) return number
  throw new InvalidArgumentError('It must be a number from 0.')
}

/** Parses an option's value as JSON. */
export const json = (value: string): unknown => {
  try {
    return JSON.parse(value)
  } catch (error) {
    throw new InvalidArgumentError(`It must be JSON: ${describe(error)}`)
  }
}

/** What a file holds; `-` is what comes in on stdin. */
export const readText = async (file: string): Promise<string> => {
  if (file === '-') return text(process.stdin)
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new UsageError(`${file} can't be read: ${describe(error)}`)
  }
}

export const readJson = async (file: string): Promise<unknown> => {
  const content = await readText(file)
  try {
    return JSON.parse(content)
  } catch (error) {
    throw new UsageError(`${file === '-' ? 'stdin' : file} is not JSON: ${describe(error)}`)
  }
}

/** JSON that is given as it is or in a file, not both; undefined where it is given in neither way. */
export const givenJson = async (
  { value, file }: { readonly value: unknown; readonly file: string | undefined },
  option: string,
): Promise<unknown> => {
  if (file === undefined) return value
  if (value !== undefined) throw new UsageError(`--${option} and --${option}-file can't be given both`)
  return readJson(file)
}

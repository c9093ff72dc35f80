import type { InputError } from '../../domain/errors.js'
import { pointerOf } from '../../domain/jsonPointer.js'

/** Values nested deeper than this are refused; recursion over JSON elsewhere relies on it. */
export const maxDepth = 64

const forbiddenKeys: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])
const maxErrors = 50

/** Half of a surrogate pair: no Unicode text. (`isWellFormed` would say it too, but is newer than our floor's library.) */
const halfPair = /\p{Surrogate}/u

const textError = (text: string): Omit<InputError, 'pointer'> | undefined => {
  if (text.includes('\0')) return { code: 'invalid_text', detail: 'The character U+0000 is not allowed.' }
  if (halfPair.test(text)) return { code: 'invalid_text', detail: 'The text holds half of a surrogate pair.' }
  return undefined
}

/**
 * What JSON may say but we can't keep: keys that reach into prototypes, depth without end, text that is not Unicode (stores
 * would change or refuse it), numbers beyond a double. All at once, at most 50. Values are as JSON.parse made them.
 */
export const jsonErrors = (root: unknown): InputError[] => {
  const errors: InputError[] = []
  const path: PropertyKey[] = []
  const add = (code: string, detail: string): void => {
    if (errors.length < maxErrors) errors.push({ pointer: pointerOf(path), code, detail })
  }
  const visit = (value: unknown): void => {
    if (typeof value === 'string') {
      const error = textError(value)
      if (error) add(error.code, error.detail)
    } else if (typeof value === 'number') {
      if (!Number.isFinite(value)) add('number_out_of_range', 'The number is too large for a double.')
    } else if (typeof value === 'object' && value !== null) visitChildren(value)
  }
  const visitChildren = (value: object): void => {
    if (path.length >= maxDepth) {
      add('too_deep', `Nested deeper than ${maxDepth} levels.`)
      return
    }
    const depth = path.length
    if (Array.isArray(value)) {
      for (let index = 0; index < value.length; index++) {
        path[depth] = index
        visit(value[index])
      }
    } else {
      for (const key of Object.keys(value)) {
        path[depth] = key
        if (forbiddenKeys.has(key)) add('forbidden_key', `The key ${key} is not allowed.`)
        const error = textError(key)
        if (error) add(error.code, error.detail)
        visit((value as Record<string, unknown>)[key])
      }
    }
    path.length = depth
  }
  visit(root)
  return errors
}

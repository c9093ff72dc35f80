import type { z } from 'zod'
import type { InputError } from '../../domain/errors.js'
import { pointerOf } from '../../domain/jsonPointer.js'
import { sentence } from '../../domain/sentence.js'

type Issue = z.core.$ZodIssue

const codes: { readonly [code: string]: string } = {
  invalid_type: 'invalid_type',
  too_big: 'too_big',
  too_small: 'too_small',
  invalid_format: 'invalid_format',
  not_multiple_of: 'not_multiple_of',
  invalid_value: 'invalid_value',
  custom: 'invalid_value',
}

const deepest = (issues: readonly Issue[]): number => Math.max(...issues.map((issue) => issue.path.length))

/** Of a union's branches the one that got furthest: it is what the caller most likely meant. */
const likeliest = (branches: readonly (readonly Issue[])[]): readonly Issue[] =>
  branches
    .filter((issues) => issues.length > 0)
    .reduce<readonly Issue[]>(
      (best, issues) => (best.length === 0 || deepest(issues) > deepest(best) ? issues : best),
      [],
    )

const errorsOf = (issue: Issue, base: readonly PropertyKey[]): InputError[] => {
  const path = [...base, ...issue.path]
  const pointer = pointerOf(path)
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({
      pointer: pointerOf([...path, key]),
      code: 'unknown_field',
      detail: `There is no field ${key.slice(0, 100)}.`,
    }))
  if (issue.code === 'invalid_union') {
    const branch = likeliest(issue.errors)
    if (branch.length > 0 && deepest(branch) > 0) return branch.flatMap((inner) => errorsOf(inner, path))
    return [{ pointer, code: 'invalid_value', detail: sentence(issue.message) }]
  }
  if (issue.code === 'invalid_key' || issue.code === 'invalid_element')
    return issue.issues.flatMap((inner) => errorsOf(inner, path))
  const missing = issue.code === 'invalid_type' && issue.message.endsWith('received undefined')
  return [
    {
      pointer,
      code: missing ? 'required' : (codes[issue.code] ?? 'invalid_value'),
      detail: missing ? 'It is missing.' : sentence(issue.message),
    },
  ]
}

/** Everything that a schema finds wrong, with JSON pointers. */
export const inputErrors = (error: z.core.$ZodError): InputError[] =>
  error.issues.flatMap((issue) => errorsOf(issue, []))

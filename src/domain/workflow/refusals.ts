import { type ErrorKind, FlowledgerError, type InputError } from '../errors.js'

/** Codes that say more than "invalid input" when they are the only thing that is wrong. */
const kindOf: Readonly<Record<string, ErrorKind>> = {
  node_not_found: 'notFound',
  edge_not_found: 'notFound',
  duplicate_id: 'conflict',
  duplicate_key: 'conflict',
}

/** One edit, as a request of its own: its first error names the problem. */
export const refuseEdit = (errors: readonly InputError[]): FlowledgerError => {
  const [first] = errors
  if (!first) throw new RangeError('a refusal needs an error')
  return new FlowledgerError(kindOf[first.code] ?? 'invalid', first.code, first.detail, errors)
}

/** Many at once: all that is wrong with them. */
export const refuseAll = (
  code: 'invalid_edits' | 'invalid_definition',
  errors: readonly InputError[],
): FlowledgerError =>
  new FlowledgerError(
    'invalid',
    code,
    `${errors.length} ${errors.length === 1 ? 'error' : 'errors'}; nothing was written.`,
    errors,
  )

/** The same errors, seen from further up in the document. */
export const below = (pointer: string, errors: readonly InputError[]): InputError[] =>
  errors.map((error) => ({ ...error, pointer: pointer + error.pointer }))

import { invalid } from '../../domain/errors.js'

/** The cursor of a list of a stream's events: the revision that comes next. */
export const revisionCursor = (revision: number): string => Buffer.from(`r${revision}`).toString('base64url')

/** Throws `invalid_cursor`. Without a cursor a list starts at the first event. */
export const parseRevisionCursor = (cursor: string | undefined): number => {
  if (cursor === undefined) return 0
  const digits = /^r(\d{1,15})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1'))?.[1]
  if (digits === undefined)
    throw invalid('invalid_cursor', 'The cursor is none of this list.', [
      { pointer: '/cursor', code: 'invalid_cursor', detail: 'Take it from nextCursor of the page before.' },
    ])
  return Number(digits)
}

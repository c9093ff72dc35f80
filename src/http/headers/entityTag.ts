import { FlowledgerError } from '../../domain/errors.js'

/** The entity tag of a resource is the revision of its stream: `"12"`. */
export const entityTag = (revision: number): string => `"${revision}"`

/** If-Match as a revision. `*` asks for nothing but that it exists, which every change does anyway. */
export const parseIfMatch = (value: string | undefined): number | undefined => {
  if (value === undefined || value.trim() === '*') return undefined
  const revision = /^\s*"(\d{1,15})"\s*$/.exec(value)?.[1]
  if (revision === undefined)
    throw new FlowledgerError(
      'malformed',
      'invalid_if_match',
      'If-Match must be one strong ETag of this API, such as "12", or *.',
    )
  return Number(revision)
}

/** If-None-Match by weak comparison (RFC 9110, section 13.1.2). */
export const matchesNone = (value: string | undefined, etag: string): boolean =>
  value === undefined ||
  !(value.trim() === '*' || value.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag))

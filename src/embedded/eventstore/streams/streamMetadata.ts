/** `$tb` of a soft-deleted stream: 2^63 - 1, which a double cannot hold. */
export const SOFT_DELETED = '9223372036854775807'

const DELETED_FROM = 9.2e18
const NONE: StreamMetadata = { deleted: false, raw: '{}' }

export type Role = string | readonly string[]

export interface Acl {
  readonly read?: Role
  readonly write?: Role
  readonly delete?: Role
  readonly metaRead?: Role
  readonly metaWrite?: Role
}

/** The part of a stream's metadata that the server acts upon, and the whole of it as it was written. */
export interface StreamMetadata {
  readonly maxCount?: number
  /** Seconds. */
  readonly maxAge?: number
  readonly truncateBefore?: number
  /** `$tb` says that the stream is soft-deleted. */
  readonly deleted: boolean
  readonly acl?: Acl
  readonly raw: string
}

export const noMetadata = (): StreamMetadata => NONE

/** Reads the data of a `$metadata` event. What is no JSON object counts as no metadata, as on a real server. */
export function parseMetadata(data: Buffer): StreamMetadata {
  const raw = data.toString('utf8')
  const parsed = parseObject(raw)
  if (!parsed) return NONE
  const truncateBefore = integer(parsed.$tb, 0)
  const deleted = truncateBefore !== undefined && truncateBefore >= DELETED_FROM
  const maxCount = integer(parsed.$maxCount, 1)
  const maxAge = integer(parsed.$maxAge, 1)
  const acl = parseAcl(parsed.$acl)
  return {
    raw,
    deleted,
    ...(truncateBefore !== undefined && !deleted ? { truncateBefore } : {}),
    ...(maxCount !== undefined ? { maxCount } : {}),
    ...(maxAge !== undefined ? { maxAge } : {}),
    ...(acl ? { acl } : {}),
  }
}

/** The same metadata with `$tb` set to a revision, for a stream that comes back from a soft delete. */
export function withTruncateBefore(raw: string, revision: number): Buffer {
  const parsed = parseObject(raw) ?? {}
  return Buffer.from(JSON.stringify({ ...parsed, $tb: revision }))
}

/** Reads the default ACLs from the data of a `$settings` event. */
export function parseAcls(data: Buffer): { user: Acl | undefined; system: Acl | undefined } {
  const parsed = parseObject(data.toString('utf8'))
  return { user: parseAcl(parsed?.$userStreamAcl), system: parseAcl(parsed?.$systemStreamAcl) }
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function integer(value: unknown, least: number): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= least ? value : undefined
}

function parseAcl(value: unknown): Acl | undefined {
  if (!isObject(value)) return undefined
  const acl: { -readonly [Key in keyof Acl]: Acl[Key] } = {}
  const keys = { $r: 'read', $w: 'write', $d: 'delete', $mr: 'metaRead', $mw: 'metaWrite' } as const
  for (const [key, name] of Object.entries(keys) as [keyof typeof keys, keyof Acl][]) {
    const role = parseRole(value[key])
    if (role !== undefined) acl[name] = role
  }
  return acl
}

function parseRole(value: unknown): Role | undefined {
  if (typeof value === 'string') return value
  if (Array.isArray(value) && value.every((role) => typeof role === 'string')) return value
  return undefined
}

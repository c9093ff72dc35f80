import type { ApiKeyRow } from '../definitions/apiKeys.js'
import { decodeCursor, isoTime, type Page, type PageOptions, toPage, uuidText } from './cursor.js'
import { createFilter, type ReadSchema, select, viewOf } from './select.js'

export interface ApiKeySummary {
  readonly id: string
  readonly name: string
  readonly scopes: ApiKeyRow['scopes']
  readonly createdAt: string
  readonly createdBy: ApiKeyRow['created_by']
  readonly expiresAt: string | null
  readonly revokedAt: string | null
}

export interface ApiKeyQueries {
  /** Newest first, the revoked ones too. */
  list(options: PageOptions): Promise<Page<ApiKeySummary>>
  /** For authentication: the hash of the whole key (SHA-256, hex) with what it allows. */
  find(id: string): Promise<(ApiKeySummary & { readonly hash: string }) | undefined>
}

const columns = 'id, name, scopes, hash, created_at, created_by, expires_at, revoked_at'

const toSummary = (row: ApiKeyRow): ApiKeySummary => ({
  id: row.id,
  name: row.name,
  scopes: row.scopes,
  createdAt: row.created_at,
  createdBy: row.created_by,
  expiresAt: row.expires_at,
  revokedAt: row.revoked_at,
})

export const createApiKeyQueries = (read: ReadSchema): ApiKeyQueries => {
  const apiKeys = viewOf(read, 'api_keys')
  return {
    list: async ({ limit, cursor }) => {
      const after = decodeCursor(cursor, [isoTime, uuidText])
      const filter = createFilter()
      if (after !== undefined)
        filter.add((p) => `(created_at, id) < (${p(after[0])}::timestamptz, ${p(after[1])}::uuid)`)
      const rows = await select<ApiKeyRow>(
        read,
        `SELECT ${columns} FROM ${apiKeys} ${filter.where()} ORDER BY created_at DESC, id DESC
         LIMIT ${filter.parameter(limit + 1)}`,
        filter.values,
      )
      return toPage(rows, limit, toSummary, (row) => [row.created_at, row.id])
    },
    find: async (id) => {
      const [row] = await select<ApiKeyRow>(read, `SELECT ${columns} FROM ${apiKeys} WHERE id = $1`, [id])
      return row && { ...toSummary(row), hash: row.hash }
    },
  }
}

import type { SecretRow } from '../definitions/secrets.js'
import { type ReadSchema, select, viewOf } from './select.js'

/** What may be known of a secret; its value is not there. */
export interface SecretMetadata {
  readonly id: string
  readonly key: string
  /** Counts the values of this key from 1. */
  readonly version: number
  readonly createdAt: string
  /** When the present value was set. */
  readonly rotatedAt: string
  /** Nodes of the draft whose config names it. */
  readonly usedBy: readonly { readonly nodeId: string; readonly key: string }[]
}

export interface SecretQueries {
  /** By key. A workflow has few secrets, so all of them at once. */
  list(workflowId: string): Promise<readonly SecretMetadata[]>
}

interface User {
  id: string
  key: string
  config: string
}

const names = (config: string, key: string): boolean => new RegExp(`\\bsecrets\\.${key}\\b`).test(config)

export const createSecretQueries = (read: ReadSchema): SecretQueries => ({
  list: async (workflowId) => {
    const [secrets, users] = await Promise.all([
      select<Pick<SecretRow, 'id' | 'key' | 'version' | 'created_at' | 'updated_at'>>(
        read,
        `SELECT id, key, version, created_at, updated_at FROM ${viewOf(read, 'secrets')} WHERE workflow_id = $1 ORDER BY key`,
        [workflowId],
      ),
      select<User>(
        read,
        `SELECT id, key, config::text AS config FROM ${viewOf(read, 'nodes')}
         WHERE workflow_id = $1 AND config::text LIKE '%secrets.%' ORDER BY ordinal`,
        [workflowId],
      ),
    ])
    return secrets.map((row) => ({
      id: row.id,
      key: row.key,
      version: row.version,
      createdAt: row.created_at,
      rotatedAt: row.updated_at,
      usedBy: users.filter(({ config }) => names(config, row.key)).map(({ id, key }) => ({ nodeId: id, key })),
    }))
  },
})

import type { Scope } from '../../domain/events/catalogue/apiKeys.js'
import type { Actor } from '../../domain/events/metadata.js'
import { idOfStream } from '../../domain/streams.js'
import { integer, json, nullable, text, timestamp, uuid } from '../model/columns.js'
import { existing, type Projection, type Table } from '../model/projection.js'

export type ApiKeyRow = {
  id: string
  name: string
  scopes: Scope[]
  /** SHA-256 (hex) of the whole key. */
  hash: string
  expires_at: string | null
  created_at: string
  created_by: Actor
  revoked_at: string | null
  revision: number
}

export const apiKeysTable: Table<ApiKeyRow> = {
  name: 'api_keys',
  owner: 'id',
  local: null,
  columns: {
    id: uuid,
    name: text,
    scopes: json,
    hash: text,
    expires_at: nullable(timestamp),
    created_at: timestamp,
    created_by: json,
    revoked_at: nullable(timestamp),
    revision: integer,
  },
  indexes: [
    { name: 'api_keys_by_creation', columns: 'created_at DESC, id DESC' },
    { name: 'api_keys_live', columns: 'created_at DESC, id DESC', where: 'revoked_at IS NULL' },
  ],
  on: {
    ApiKeyIssued: {
      evolve: (_, event) => ({
        id: idOfStream(event.stream),
        name: event.data.name,
        scopes: event.data.scopes,
        hash: event.data.hash,
        expires_at: event.data.expiresAt === null ? null : new Date(event.data.expiresAt).toISOString(),
        created_at: event.metadata.occurredAt,
        created_by: event.metadata.actor,
        revoked_at: null,
        revision: event.revision,
      }),
    },
    ApiKeyRevoked: {
      evolve: (row, event) => {
        const key = existing(row, event)
        return { ...key, revoked_at: key.revoked_at ?? event.metadata.occurredAt, revision: event.revision }
      },
    },
  },
}

export const apiKeysProjection: Projection = {
  name: 'api_keys',
  version: 1,
  store: 'postgres',
  prefixes: ['apikey-'],
  tables: [apiKeysTable],
}

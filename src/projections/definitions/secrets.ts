import { idOfStream } from '../../domain/streams.js'
import { exact, integer, text, timestamp, uuid } from '../model/columns.js'
import type { Projection, Table } from '../model/projection.js'

/** Metadata and ciphertext; never a value. `iv`, `tag`, `encrypted_value` are base64 (security.md). */
export type SecretRow = {
  workflow_id: string
  key: string
  id: string
  version: number
  data_key_id: string
  iv: string
  tag: string
  encrypted_value: string
  created_at: string
  updated_at: string
  revision: number
}

export const secretsTable: Table<SecretRow> = {
  name: 'secrets',
  owner: 'workflow_id',
  local: 'key',
  columns: {
    workflow_id: uuid,
    key: exact,
    id: uuid,
    version: integer,
    data_key_id: text,
    iv: text,
    tag: text,
    encrypted_value: text,
    created_at: timestamp,
    updated_at: timestamp,
    revision: integer,
  },
  indexes: [],
  on: {
    SecretSet: {
      rows: (event) => [event.data.key],
      evolve: (row, event) => ({
        workflow_id: idOfStream(event.stream),
        key: event.data.key,
        id: event.data.secretId,
        version: event.data.version,
        data_key_id: event.data.dataKeyId,
        iv: event.data.iv,
        tag: event.data.tag,
        encrypted_value: event.data.ciphertext,
        created_at: row?.created_at ?? event.metadata.occurredAt,
        updated_at: event.metadata.occurredAt,
        revision: event.revision,
      }),
    },
    SecretDeleted: { rows: (event) => [event.data.key], evolve: () => null },
  },
}

export const secretsProjection: Projection = {
  name: 'secrets',
  version: 1,
  store: 'postgres',
  prefixes: ['secrets-'],
  tables: [secretsTable],
}

import type { LoadRequest } from '../fold/batchFold.js'
import type { Row } from '../model/projection.js'
import type {
  Commit,
  DeadLetterChanges,
  GenerationRef,
  ReadModelStore,
  StoredDeadLetter,
} from '../store/projectionStore.js'
import { createCommitStatement } from './commitStatement.js'
import { type Connection, createConnection } from './connection.js'
import { sqlType, tableName } from './ddl.js'
import { asStoreError } from './errors.js'
import { quoted, type SchemaNames } from './names.js'

export interface PostgresReadModelStoreOptions {
  readonly connectionString: string
  readonly names: SchemaNames
  /** Shown in pg_stat_activity. */
  readonly name: string
}

type Query = Connection['query']

const loadStatements = (names: SchemaNames, ref: GenerationRef, { table, owners, keys }: LoadRequest) => {
  const from = tableName(names, ref.projection, ref.generation, table)
  const columns = Object.entries(table.columns)
    .filter(([, { payload }]) => !payload)
    .map(([name]) => `t.${quoted(name)}`)
    .join(', ')
  const owner = quoted(table.owner)
  const ownerType = sqlType(table.columns[table.owner] as never)
  const prefix = `${ref.projection.name}_g${ref.generation}:${table.name}`
  const byOwner = {
    name: `${prefix}:owners`,
    text: `SELECT ${columns} FROM ${from} t WHERE t.${owner} = ANY ($1::${ownerType}[])`,
    values: [owners],
  }
  if (table.local === null) return [byOwner]
  const byKey = {
    name: `${prefix}:keys`,
    text: `SELECT ${columns} FROM unnest($1::${ownerType}[], $2::${sqlType(table.columns[table.local] as never)}[]) AS k (o, l)
      JOIN ${from} t ON t.${owner} = k.o AND t.${quoted(table.local)} = k.l`,
    values: [keys.map(([o]) => o), keys.map(([, l]) => l)],
  }
  return [...(owners.length > 0 ? [byOwner] : []), ...(keys.length > 0 ? [byKey] : [])]
}

const changeDeadLetters = async (query: Query, names: SchemaNames, ref: GenerationRef, changes: DeadLetterChanges) => {
  const table = `${quoted(names.control)}.dead_letters`
  const key = [ref.projection.name, ref.generation]
  if (changes.remove.length > 0) {
    await query({
      text: `DELETE FROM ${table} WHERE projection = $1 AND generation = $2 AND stream = ANY ($3::text[])`,
      values: [...key, changes.remove],
    })
  }
  for (const letter of changes.add) {
    await query({
      text: `INSERT INTO ${table} (projection, generation, stream, position, revision, event_id, type, reason)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
      values: [...key, letter.stream, letter.position, letter.revision, letter.eventId, letter.type, letter.reason],
    })
  }
  for (const [stream, count] of changes.held) {
    await query({
      text: `UPDATE ${table} SET held = held + $4 WHERE projection = $1 AND generation = $2 AND stream = $3`,
      values: [...key, stream, count],
    })
  }
}

const isEmpty = ({ add, remove, held }: DeadLetterChanges): boolean => add.length + remove.length + held.size === 0

/** Rows, checkpoint and dead letters in PostgreSQL, on a session of its own. */
export const postgresReadModelStore = (options: PostgresReadModelStoreOptions): ReadModelStore => {
  const { names, connectionString, name } = options
  const connection = createConnection({ connectionString, name, asynchronousCommit: true })
  const commitStatement = createCommitStatement(names)

  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      throw asStoreError(error)
    }
  }

  const loadOne = async (ref: GenerationRef, request: LoadRequest): Promise<Row[]> => {
    const results = await Promise.all(
      loadStatements(names, ref, request).map((statement) => connection.query(statement)),
    )
    return results.flatMap(({ rows }) => rows as Row[])
  }

  const commit = async (wanted: Commit) => {
    const statement = commitStatement(wanted)
    const bytes = statement.values.reduce<number>(
      (sum, value) => sum + (typeof value === 'string' ? value.length : 8),
      0,
    )
    const write = async (query: Query) => (await query(statement)).rows.length === 1
    const moved = isEmpty(wanted.deadLetters)
      ? await write(connection.query)
      : await connection.transaction(async (query) => {
          if (!(await write(query))) return false
          await changeDeadLetters(query, names, wanted.ref, wanted.deadLetters)
          return true
        })
    return { outcome: moved ? ('committed' as const) : ('lost' as const), bytes }
  }

  return {
    load: (ref, requests) => guarded(() => Promise.all(requests.map((request) => loadOne(ref, request)))),
    commit: (wanted) => guarded(() => commit(wanted)),
    checkpoint: (ref) =>
      guarded(async () => {
        const { rows } = await connection.query({
          text: `SELECT position FROM ${quoted(names.control)}.checkpoints WHERE projection = $1 AND generation = $2`,
          values: [ref.projection.name, ref.generation],
        })
        return rows[0] as { position: bigint | null } | undefined
      }),
    deadLetters: (ref) =>
      guarded(async () => {
        const { rows } = await connection.query({
          text: `SELECT stream, position, revision, event_id AS "eventId", type, reason, held, at
            FROM ${quoted(names.control)}.dead_letters WHERE projection = $1 AND generation = $2 ORDER BY position`,
          values: [ref.projection.name, ref.generation],
        })
        return rows as StoredDeadLetter[]
      }),
    close: () => connection.close(),
  }
}

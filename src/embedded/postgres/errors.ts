/** Why the embedded PostgreSQL does not run. `message` is one line; `detail` the end of the server's own log, if it wrote one. */
export type EmbeddedPostgresErrorCode =
  | 'postgres_unsupported_platform'
  | 'postgres_no_account'
  | 'postgres_not_reachable'
  | 'postgres_data_missing'
  | 'postgres_data_incompatible'
  | 'postgres_orphan_survives'
  | 'postgres_init_failed'
  | 'postgres_start_failed'

export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError'

  constructor(
    readonly code: EmbeddedPostgresErrorCode,
    message: string,
    readonly detail: string = '',
  ) {
    super(message)
  }
}

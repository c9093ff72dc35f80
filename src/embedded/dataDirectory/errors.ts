/** Why a data directory can't be used. `message` is one line that an operator can act on. */
export type DataDirectoryErrorCode =
  | 'data_directory_in_use'
  | 'data_directory_unusable'
  | 'data_directory_foreign'
  | 'data_directory_file_invalid'

export class DataDirectoryError extends Error {
  override readonly name = 'DataDirectoryError'

  constructor(
    readonly code: DataDirectoryErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}

/** The `code` of a system error (`ENOENT`, `EACCES`, …), if it is one. */
export const systemErrorCode = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined

const networkCodes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENOENT',
])
/** SQLSTATE classes: connection exception, insufficient resources, operator intervention (shutdown). */
const sqlClasses: ReadonlySet<string> = new Set(['08', '53', '57'])
const mongoNames =
  /^Mongo(?:Network|ServerSelection|TopologyClosed|NotConnected|PoolClosed|PoolCleared|WaitQueueTimeout)/

/** Whether a read model's store can't be reached just now, by what `pg`, `mongodb` and Node say. */
export const isStoreUnavailable = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (networkCodes.has(code) && 'syscall' in error) return true
  if (code.length === 5 && sqlClasses.has(code.slice(0, 2))) return true
  // What pg's own client and pool say has no code.
  if (
    /^(?:Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error)/.test(
      error.message,
    )
  )
    return true
  return mongoNames.test(error.name)
}

/** The one socket of the server is `.s.PGSQL.5432` in its data folder; the number is a name, no TCP port is opened. */
export const SOCKET_NAME = '.s.PGSQL.5432'
export const DATABASE = 'flowledger'
export const ROLE = 'flowledger'

/** A small machine, one application, read models that can be rebuilt and one table (data keys) that can not. */
const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '',
  port: '5432',
  unix_socket_permissions: '0700',
  max_connections: '60',
  shared_buffers: '64MB',
  work_mem: '8MB',
  maintenance_work_mem: '64MB',
  effective_cache_size: '512MB',
  random_page_cost: '1.1',
  jit: 'off',
  // A query that starts workers takes the second core from the program, and fills the 64 MB of a container's /dev/shm.
  max_parallel_workers_per_gather: '0',
  max_parallel_maintenance_workers: '0',
  io_method: 'sync',
  huge_pages: 'off',
  // Nobody replicates from it: without that, bulk loads into new tables skip the write-ahead log.
  wal_level: 'minimal',
  max_wal_senders: '0',
  min_wal_size: '80MB',
  max_wal_size: '512MB',
  checkpoint_timeout: '15min',
  autovacuum_max_workers: '2',
  autovacuum_naptime: '30s',
  // Tables that hold current state are rewritten all the time: keep them small with little pauses.
  autovacuum_vacuum_scale_factor: '0.1',
  log_min_messages: 'warning',
  log_timezone: 'UTC',
  timezone: 'UTC',
}

export const serverArguments = (dataFolder: string, socketFolder: string): string[] => [
  '-D',
  dataFolder,
  ...Object.entries({ ...SETTINGS, unix_socket_directories: socketFolder }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ]),
]

/**
 * No inherited PG* or LD_* variable changes what these servers do. glibc gives the memory of each statement back to the system
 * and faults it in again for the next one; kept, it costs a batch of the projector a fifth of the page faults.
 */
export const SERVER_ENVIRONMENT: Readonly<Record<string, string>> = {
  PATH: '/usr/local/bin:/usr/bin:/bin',
  LC_ALL: 'C',
  TZ: 'UTC',
  MALLOC_TOP_PAD_: String(4 * 1024 * 1024),
  MALLOC_TRIM_THRESHOLD_: String(32 * 1024 * 1024),
}

/** `folder` holds the socket. The host is in the query, because a path does not fit an authority (libpq and `pg` agree). */
export const connectionStringFor = (folder: string, database: string = DATABASE): string =>
  `postgresql://${ROLE}@localhost:5432/${database}?host=${encodeURIComponent(folder)}&sslmode=disable`

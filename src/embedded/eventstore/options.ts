/** TLS material in PEM form. */
export interface TlsOptions {
  readonly certificate: string
  readonly privateKey: string
}

export interface EmbeddedEventStoreOptions {
  /** Where the log lives; made, private to the user, when it does not exist. One process at a time. */
  readonly directory: string
  /** 0, the default, takes a free port. */
  readonly port?: number
  /** Default 127.0.0.1. */
  readonly host?: string
  /**
   * The secret that every call must bear as its `connection-name`; part of the returned connection string. A random
   * one by default. The empty string asks for none.
   */
  readonly accessKey?: string
  /** Serves TLS and asks for Basic credentials, as a secured EventStoreDB does. */
  readonly tls?: TlsOptions
  /** Passwords of the users `admin` and `ops`; asked for with TLS only. */
  readonly users?: { readonly admin: string; readonly ops?: string }
  /** Largest append, in bytes of data, metadata and twice the type. Default 1 MiB. */
  readonly maxAppendSize?: number
  /** Longest wait of a batch append for its last part, in ms. Default 2,000. */
  readonly writeTimeout?: number
  /** Time between two pings of a connection, and how long one may stay unanswered, in ms. Default 10,000. */
  readonly keepAlive?: number
  /**
   * Bytes of the data file that may be resident before it is mapped anew. What was read stays in the page cache of the
   * system. Default 64 MiB; only Linux tells.
   */
  readonly mappedMemory?: number
  /** System projections that are on from the start. */
  readonly systemProjections?: readonly string[]
}

/** The options with every default filled in. */
export type ServerSettings = Required<Omit<EmbeddedEventStoreOptions, 'tls' | 'users'>> &
  Pick<EmbeddedEventStoreOptions, 'tls' | 'users'>

/** Connects the standard way: the address is where the client finds the server. */
export function connectionStringOf(settings: ServerSettings, port: number): string {
  const name = settings.accessKey ? `&connectionName=${encodeURIComponent(settings.accessKey)}` : ''
  return `esdb://${reachableHost(settings.host)}:${port}?tls=${settings.tls ? 'true' : 'false'}${name}`
}

/** How clients of this machine reach a server that listens on `host`, as it stands in a URL. */
export function reachableHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1'
  return host.includes(':') ? `[${host}]` : host
}

import type { LogStore } from './log/logStore.js'
import type { LogWriter } from './log/logWriter.js'
import type { ServerSettings } from './options.js'
import type { Authenticate } from './security/principals.js'
import type { CommitFeed } from './subscriptions/commitFeed.js'

/** What every handler of the server works with. */
export interface ServerContext {
  readonly settings: ServerSettings
  readonly store: LogStore
  readonly writer: LogWriter
  readonly feed: CommitFeed
  readonly authenticate: Authenticate
  /** The port that is listened on. */
  port: number
}

import { timingSafeEqual } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { apiKeyAggregate } from '../../domain/apiKeys/aggregate.js'
import { isUsable } from '../../domain/apiKeys/decisions.js'
import { hashApiKey, keyIdOf } from '../../domain/apiKeys/keyFormat.js'
import type { ApiKey } from '../../domain/apiKeys/state.js'
import { idOfStream } from '../../domain/streams.js'
import type { EventFeed } from '../../eventlog/eventFeed.js'
import type { CommandHandler } from '../commandHandler.js'
import type { Clock } from '../ports.js'
import type { ApiKeyAuthenticator, AuthenticatedKey } from './apiKeyAuthenticator.js'
import { watchApiKeys } from './watchApiKeys.js'

export interface ApiKeyAuthenticatorDependencies {
  readonly handler: CommandHandler
  readonly clock: Clock
  /** Makes a revocation take effect at once in every process; without it, within `maxAgeMs`. */
  readonly feed?: EventFeed
  /** Hears of an interrupted subscription, which is taken up again. */
  readonly onError?: (error: unknown) => void
  /** For how long what was read of a key is good. A revoked key stops working within a second (security.md). */
  readonly maxAgeMs?: number
  /** Monotonic milliseconds. */
  readonly monotonic?: () => number
}

interface Remembered {
  readonly apiKey: ApiKey | undefined
  readonly hash: Buffer
  readonly authenticated: AuthenticatedKey | undefined
  readonly readAt: number
}

/** What a key that does not exist is compared with, so that it takes the same steps. */
const noHash = Buffer.alloc(32)
const noId = '00000000-0000-0000-0000-000000000000'

const toAuthenticated = ({ keyId, name, scopes }: ApiKey): AuthenticatedKey => ({
  keyId,
  name,
  scopes: new Set(scopes),
  actor: { kind: 'apiKey', id: keyId, name },
})

/**
 * Reads keys from their own streams (a key carries its id), so it needs no projection. What was read is good for less than a
 * second; while a key is in use it is read again in the background after half of that, so requests don't wait for it.
 */
export const createApiKeyAuthenticator = ({
  handler,
  clock,
  feed,
  onError = () => undefined,
  maxAgeMs = 900,
  monotonic = () => performance.now(),
}: ApiKeyAuthenticatorDependencies): ApiKeyAuthenticator => {
  const known = new LRUCache<string, Remembered>({ max: 10_000 })
  const reading = new Map<string, Promise<Remembered>>()

  const read = async (keyId: string): Promise<Remembered> => {
    const readAt = monotonic()
    const { state } = await handler.load(apiKeyAggregate, keyId)
    const hash = state ? Buffer.from(state.hash, 'hex') : noHash
    return { apiKey: state, hash, authenticated: state && toAuthenticated(state), readAt }
  }

  const readOnce = (keyId: string): Promise<Remembered> => {
    const running = reading.get(keyId)
    if (running) return running
    const isLatest = (): boolean => reading.get(keyId) === started
    const started: Promise<Remembered> = read(keyId)
      .then((remembered) => {
        if (isLatest()) known.set(keyId, remembered)
        return remembered
      })
      .finally(() => {
        if (isLatest()) reading.delete(keyId)
      })
    reading.set(keyId, started)
    return started
  }

  /** Forgets a key, and what is just being read of it: that may be older than the change. */
  const forget = (stream: string): void => {
    const keyId = idOfStream(stream)
    known.delete(keyId)
    reading.delete(keyId)
  }
  const watch = feed && watchApiKeys(feed, forget, onError)

  const judge = ({ apiKey, hash, authenticated }: Remembered, sent: Buffer): AuthenticatedKey | undefined => {
    const isEqual = timingSafeEqual(hash, sent)
    return isEqual && apiKey && isUsable(apiKey, clock.now().getTime()) ? authenticated : undefined
  }

  return {
    authenticate: (key) => {
      const sent = Buffer.from(hashApiKey(key), 'hex')
      const keyId = keyIdOf(key) ?? noId
      const remembered = known.get(keyId)
      const age = remembered ? monotonic() - remembered.readAt : Number.POSITIVE_INFINITY
      if (!remembered || age >= maxAgeMs) return readOnce(keyId).then((fresh) => judge(fresh, sent))
      // A failure shows when what is remembered has become too old and must be waited for.
      if (age >= maxAgeMs / 2) readOnce(keyId).catch(() => undefined)
      return judge(remembered, sent)
    },
    stop: async () => {
      await watch?.stop()
    },
  }
}

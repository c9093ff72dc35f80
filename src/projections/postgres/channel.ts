import { messageOf } from '../../domain/errors.js'
import { createBackoff, sleep } from '../runner/backoff.js'
import { openClient } from './connection.js'
import { quoted } from './names.js'

/** Notifications of PostgreSQL on one channel. They only save waiting: whoever hears nothing looks after a while. */
export interface Channel {
  start(): Promise<void>
  stop(): Promise<void>
  /** Resolves at the next notification with this payload (`''`: with any), or after `ms`. */
  next(payload: string, ms: number): Promise<void>
}

export interface ChannelOptions {
  readonly connectionString: string
  readonly channel: string
  readonly log: (line: string) => void
  readonly onHeard?: (payload: string) => void
}

export const createChannel = ({ connectionString, channel, log, onHeard }: ChannelOptions): Channel => {
  const waiters = new Set<{ payload: string; resolve: () => void }>()
  const stopping = new AbortController()
  let listening: Promise<void> = Promise.resolve()

  const hear = (payload: string) => {
    onHeard?.(payload)
    for (const waiter of waiters) if (waiter.payload === '' || waiter.payload === payload) waiter.resolve()
  }

  const listenOnce = async (onListening: () => void): Promise<void> => {
    const client = await openClient({ connectionString, name: `flowledger (${channel})` })
    try {
      const ended = new Promise<void>((resolve) => {
        client.on('error', () => resolve())
        client.on('end', () => resolve())
        stopping.signal.addEventListener('abort', () => resolve(), { once: true })
      })
      client.on('notification', ({ payload }) => hear(payload ?? ''))
      await client.query(`LISTEN ${quoted(channel)}`)
      onListening()
      await ended
    } finally {
      await client.end().catch(() => undefined)
    }
  }

  const listen = async (onListening: () => void): Promise<void> => {
    const backoff = createBackoff()
    while (!stopping.signal.aborted) {
      try {
        await listenOnce(() => {
          backoff.reset()
          onListening()
        })
      } catch (error) {
        log(`${channel}: ${messageOf(error)}`)
      }
      if (!stopping.signal.aborted) await sleep(backoff.next(), stopping.signal)
    }
  }

  return {
    start: () =>
      new Promise((resolve) => {
        listening = listen(resolve)
      }),
    stop: async () => {
      stopping.abort()
      for (const { resolve } of waiters) resolve()
      await listening
    },
    next: (payload, ms) =>
      new Promise((resolve) => {
        if (stopping.signal.aborted) return resolve()
        const done = () => {
          clearTimeout(timer)
          waiters.delete(waiter)
          resolve()
        }
        const timer = setTimeout(done, ms)
        const waiter = { payload, resolve: done }
        waiters.add(waiter)
      }),
  }
}

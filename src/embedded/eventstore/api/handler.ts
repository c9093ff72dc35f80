import type { Call } from '../wire/call.js'

/** Receives the messages of one call. What it throws ends the call with that error. */
export interface CallReceiver {
  onMessage(message: Buffer): void
  /** The client has sent its last message. */
  onEnd(): void
}

export type CallHandler = (call: Call) => CallReceiver

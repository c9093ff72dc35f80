import { setTimeout as sleep } from 'node:timers/promises'
import type { Thread } from './thread.js'

const FIRST_WAIT_MS = 100
const LONGEST_WAIT_MS = 5_000

/** Keeps a thread running: one that ends by itself is started again, for as long as it takes, with growing pauses. */
export const supervise = async (
  start: () => Promise<Thread>,
  log: (line: string) => void,
): Promise<{ stop(): Promise<void> }> => {
  let stopping = false
  let thread: Thread | undefined = await start()
  const watch = async (): Promise<void> => {
    let wait = FIRST_WAIT_MS
    while (!stopping) {
      if (thread !== undefined) {
        const reason = await thread.ended
        if (stopping) return
        log(`The embedded MongoDB server ended (${reason}) and is started again.`)
        thread = undefined
      }
      try {
        thread = await start()
        wait = FIRST_WAIT_MS
      } catch (error) {
        log(`The embedded MongoDB server could not be started again: ${String(error)}`)
        await sleep(wait)
        wait = Math.min(wait * 2, LONGEST_WAIT_MS)
      }
    }
  }
  const watching = watch()
  return {
    stop: async () => {
      stopping = true
      await thread?.stop()
      await watching
      // One that was being started when the stop came.
      await thread?.stop()
    },
  }
}

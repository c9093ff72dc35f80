import { randomUUID } from 'node:crypto'
import type { LogStore } from '../log/logStore.js'
import type { LogWriter } from '../log/logWriter.js'
import { scavenge } from './scavenge.js'

/** Runs one scavenge at a time, in the background. */
export interface Scavenger {
  /** The id of the scavenge, and whether it was running already. */
  start(): { id: string; running: boolean }
  /** False when no such scavenge is running. */
  stop(id: string): boolean
  /** Stops what is running and waits for it. */
  close(): Promise<void>
}

export function createScavenger(store: LogStore, writer: LogWriter): Scavenger {
  let current: { id: string; stopped: boolean; done: Promise<void> } | undefined
  return {
    start() {
      if (current) return { id: current.id, running: true }
      const run = { id: randomUUID(), stopped: false, done: Promise.resolve() }
      current = run
      run.done = scavenge(store, writer, () => run.stopped)
        .then(
          () => undefined,
          (error: unknown) => process.emitWarning(`The scavenge has failed: ${error}`),
        )
        .finally(() => {
          current = undefined
        })
      return { id: run.id, running: false }
    },
    stop(id) {
      if (current?.id !== id) return false
      current.stopped = true
      return true
    },
    async close() {
      if (!current) return
      current.stopped = true
      await current.done
    },
  }
}

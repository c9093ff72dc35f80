import type { LogDatabase } from './database.js'
import type { Journal } from './journal.js'
import { HALF_SIZE } from './journalFile.js'
import { frameSize } from './journalFrame.js'
import type { LogAddition, LogGroup } from './logGroup.js'
import type { LogStore } from './logStore.js'
import { readMark } from './settledMark.js'
import type { Removal, Staging } from './staging.js'
import type { Upkeep } from './upkeep.js'
import { writeTables } from './writeTables.js'

/** When groups go from the journal to the data file. */
export interface SettlingLimits {
  /** Bytes of records that are settled at once. More of them would hold up the thread. */
  readonly bytes: number
  /** The longest a group waits, in ms. */
  readonly delay: number
  /** Groups of more bytes go to the data file directly: to write so much twice takes longer than a second flush. */
  readonly direct: number
}

/** How long it takes until settling is tried again, in ms. */
const RETRY_DELAY = 2_000

export const SETTLING_LIMITS: SettlingLimits = { bytes: 512 * 1024, delay: 250, direct: 256 * 1024 }

export interface GroupCommit {
  /** Makes a group durable and then visible. One at a time; fails without a trace. */
  commit(staging: Staging): Promise<void>
  /** Resolves when all that is committed now is in the data file. */
  settle(): Promise<void>
  /** Does what upkeep is due, when nothing is being written to the data file. */
  keepUp(): Promise<void>
  /** Settles everything. Nothing may be committed any more. */
  close(): Promise<void>
}

/**
 * A group is written to the journal, with one flush of the disk, and is then in memory for readers (`Unsettled`). Many
 * groups together are settled: brought into the data file by one transaction, in the background, while newer groups go to
 * the other half of the journal. Only then may their half be used again.
 */
export function createGroupCommit(
  database: LogDatabase,
  store: LogStore,
  openedJournal: Journal | undefined,
  upkeep: Upkeep | undefined,
  limits: SettlingLimits = SETTLING_LIMITS,
): GroupCommit {
  const { unsettled } = store.view
  let journal = openedJournal
  let { settled } = readMark(database)
  let sequence = settled
  let isFailing = false
  let timer: NodeJS.Timeout | undefined
  /** The transaction of the data file, with the upkeep behind it. */
  let running: Promise<void> | undefined
  /** The frame of the journal, until its group is visible. */
  let writing: Promise<boolean> | undefined

  /** One transaction of the data file at a time, and upkeep between two. */
  const exclusively = async (work: () => Promise<void>) => {
    while (running !== undefined) await running
    const done = work()
    running = done
      .then(upkeep?.run, () => undefined)
      // Without its data file there is nothing to serve.
      .catch((error: unknown) => {
        setImmediate(() => {
          throw error
        })
      })
      .finally(() => {
        running = undefined
      })
    await done
  }

  const write = async (additions: readonly LogAddition[], last: number, removals: readonly Removal[] = []) => {
    await writeTables(database, additions, last, removals)
    settled = last
  }

  /** Settles the layer whose settling has failed before, or else the one that is being filled. */
  const settleLayer = async () => {
    // A frame and its group belong to the same half and layer, whichever they were when it was begun.
    while (writing !== undefined) await writing
    if (unsettled.isEmpty) return
    clearTimeout(timer)
    timer = undefined
    if (!unsettled.isSettling) {
      unsettled.beginSettling()
      journal?.switchHalf()
    }
    const [layer] = unsettled.layers
    try {
      await write([layer], layer.last)
    } catch (error) {
      if (!isFailing)
        process.emitWarning(`The journal can't be brought into the data file, which is tried again: ${error}`)
      isFailing = true
      settleSoon()
      throw error
    }
    isFailing = false
    unsettled.endSettling()
    if (!unsettled.isEmpty) settleSoon()
  }

  // It tells by itself when it fails, and comes again.
  const settleInBackground = () => void exclusively(settleLayer).catch(() => undefined)

  const settleSoon = () => {
    timer ??= setTimeout(settleInBackground, isFailing ? RETRY_DELAY : limits.delay).unref()
  }

  const settleWhenDue = () => {
    const isMuch = unsettled.bytes >= limits.bytes || (journal?.used ?? 0) >= HALF_SIZE / 2
    if (isMuch && !isFailing && running === undefined) settleInBackground()
    else settleSoon()
  }

  /** False when the journal can't be written; it is not used again then, since nobody knows what stands in it. */
  const commitToJournal = async (staging: Staging, group: LogGroup): Promise<boolean> => {
    if (!journal) return false
    try {
      await journal.append(group)
    } catch (error) {
      process.emitWarning(`The journal could not be written and is not used any more: ${error}`)
      journal.close()
      journal = undefined
      return false
    }
    unsettled.add(group, staging.states)
    store.apply(staging)
    return true
  }

  /** Everything unsettled and this group in one transaction: as if all of it had been settled. */
  const commitDirectly = (staging: Staging, group: LogGroup) =>
    exclusively(async () => {
      await write([...unsettled.layers, group], group.sequence, staging.removals)
      unsettled.clear()
      journal?.rewind()
      store.apply(staging)
    })

  const settle = async () => {
    const target = sequence
    while (settled < target) await exclusively(settleLayer)
  }

  return {
    async commit(staging) {
      const group = staging.group(sequence + 1)
      const isDirect = staging.removals.length > 0 || frameSize(group) > limits.direct
      if (isDirect) await commitDirectly(staging, group)
      else {
        while (journal && !journal.hasRoomFor(group)) await exclusively(settleLayer)
        writing = commitToJournal(staging, group).finally(() => {
          writing = undefined
        })
        if (await writing) settleWhenDue()
        else await commitDirectly(staging, group)
      }
      sequence = group.sequence
    },
    settle,
    keepUp: () => exclusively(async () => undefined),
    async close() {
      // What can't be settled is in the journal, and has been told.
      await settle().catch(() => undefined)
      while (running !== undefined) await running
      clearTimeout(timer)
      journal?.close()
    },
  }
}

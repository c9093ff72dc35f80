import { randomUUID } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ServerContext } from '../context.js'
import { MAX_NAME_SIZE, payloadOf, revisionOf, TOMBSTONE_REVISION } from '../log/record.js'
import type { Staging } from '../log/staging.js'
import { stageAppend } from '../streams/appendEvents.js'
import { LINK_TYPE } from '../streams/links.js'
import { readAllForwards } from '../streams/readPages.js'
import { isHiddenFromAll } from '../streams/visitRecords.js'
import type { LinkRule, WantedLink } from './linkRules.js'

const PAGE = 500
/** Progress without links is written down only so often: to look at those events again does no harm. */
const UNSAVED = 5_000

/** A projection that follows the log and writes links. */
export interface SystemProjection {
  /** Position of the last event it has dealt with. */
  readonly position: number
  stop(): Promise<void>
}

/**
 * Follows the log from where it stopped. Links and progress are written in one transaction, so each event is linked
 * exactly once, whatever happens in between.
 */
export function runSystemProjection(context: ServerContext, name: string, rule: LinkRule): SystemProjection {
  const { store, writer, feed } = context
  const progressKey = Buffer.from(`projection/${name}`)
  let position = Number(store.view.meta(progressKey)?.toString() ?? 0)
  let saved = position
  let stopped = false
  let wake: (() => void) | undefined
  const signal = () => {
    wake?.()
    wake = undefined
  }
  const stopListening = feed.onCommit(signal)

  const isLinked = (record: Buffer) => revisionOf(record) !== TOMBSTONE_REVISION && !isHiddenFromAll(record)

  const step = async () => {
    const { records, next } = readAllForwards(store, position + 1, PAGE, isLinked)
    const links = records.flatMap(({ record }) => {
      const link = rule(record)
      return link ? [{ ...link, metadata: payloadOf(record).metadata }] : []
    })
    if (links.length > 0 || next - saved > UNSAVED) {
      await writer.write((staging) => {
        for (const link of links) appendLink(staging, link)
        staging.setMeta(progressKey, Buffer.from(String(next - 1)))
      })
      saved = next - 1
    }
    position = next - 1
  }

  const run = async () => {
    while (!stopped) {
      if (position < store.head) {
        await step()
        await nextTurn()
      } else
        await new Promise<void>((resolve) => {
          wake = resolve
        })
    }
  }

  const running = run().catch((error: unknown) => {
    if (!stopped) process.emitWarning(`The projection ${name} has stopped: ${error}`)
  })
  return {
    get position() {
      return position
    },
    async stop() {
      stopped = true
      stopListening()
      signal()
      await running
    },
  }
}

function appendLink(staging: Staging, link: WantedLink & { metadata: Buffer }): void {
  if (Buffer.byteLength(link.stream) > MAX_NAME_SIZE) return
  const data = Buffer.from(link.target)
  const event = { id: randomUUID(), type: LINK_TYPE, isJson: false, metadata: link.metadata, data }
  // A stream that was tombstoned takes no more links.
  stageAppend(staging, link.stream, 'any', [event])
}

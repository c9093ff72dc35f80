import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createAudit } from '../../../src/audit/createAudit.js'
import { verifyAll } from '../../../src/audit/verification.js'
import type { StoredEvent } from '../../../src/domain/events/recordedEvent.js'
import { createInMemoryLog } from '../../../src/eventlog/inMemory/inMemoryLog.js'
import { auditedLog, importedInTurn } from '../../support/audit.js'
import { definitions } from '../../support/commands/arbitraries.js'
import { testContext } from '../../support/commands/context.js'

/** A log that holds these events, as they are. */
const logOf = async (events: readonly StoredEvent[]) => {
  const log = createInMemoryLog()
  const revisions = new Map<string, number>()
  for (const event of events) {
    const revision = revisions.get(event.stream)
    await log.append(event.stream, [event], revision ?? 'none')
    revisions.set(event.stream, (revision ?? -1) + 1)
  }
  return log
}

const manyStreams = async (count: number) => {
  const { log, workflows } = auditedLog()
  const ids: string[] = []
  for (let index = 0; index < count; index++)
    ids.push((await workflows.create(testContext(), { name: `w${index}` })).workflow.id)
  for (const round of [1, 2])
    for (const id of ids) await workflows.change(testContext(), id, { name: `round ${round}` })
  return log
}

describe('verification of the chain', () => {
  it('holds for whatever commands wrote', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(definitions, { maxLength: 4 }), async (history) => {
        const { log, id } = await importedInTurn(history)
        const audit = createAudit({ store: log, feed: log })
        const expected = { valid: true, events: log.events.length, streams: 1, firstInvalid: null }
        expect(await audit.verifyStream(`workflow-${id}`)).toEqual(expected)
        expect(await audit.verifyAll()).toEqual(expected)
      }),
      { numRuns: 30 },
    )
  })

  it('finds any single event that was changed, at its place', async () => {
    const { log } = await importedInTurn(fc.sample(definitions, { numRuns: 3, seed: 7 }))
    const forgeries: ((event: StoredEvent) => StoredEvent)[] = [
      (event) => ({ ...event, data: { ...(event.data as object), forged: true } }),
      (event) => ({ ...event, type: 'WorkflowRenamed' }),
      (event) => ({ ...event, id: '00000000-0000-4000-8000-000000000000' }),
      (event) => ({ ...event, metadata: { ...(event.metadata as object), occurredAt: '2001-01-01T00:00:00.000Z' } }),
    ]
    for (const [index] of log.events.entries()) {
      for (const forge of forgeries) {
        const forged = await logOf(log.events.map((event, at) => (at === index ? forge(event) : event)))
        const { valid, firstInvalid } = await verifyAll({ store: forged, feed: forged })
        expect([valid, firstInvalid?.revision, firstInvalid?.reason]).toEqual([false, index, 'wrong_hash'])
      }
    }
  })

  it('finds an event that is missing', async () => {
    const { log } = await importedInTurn(fc.sample(definitions, { numRuns: 2, seed: 7 }))
    const cut = await logOf(log.events.filter((_, index) => index !== 2))
    expect(await verifyAll({ store: cut, feed: cut })).toMatchObject({
      valid: false,
      firstInvalid: { revision: 2, reason: 'wrong_previous_hash' },
    })
  })

  it('needs no more memory for many streams: what it forgot it reads again', async () => {
    const log = await manyStreams(20)
    const verified = await verifyAll({ store: log, feed: log }, { remembered: 1 })
    expect(verified).toEqual({ valid: true, events: 60, streams: 20, firstInvalid: null })
  })

  it('stops when it is told to', async () => {
    const log = await manyStreams(2)
    await expect(verifyAll({ store: log, feed: log }, { signal: AbortSignal.abort() })).rejects.toThrow('aborted')
  })
})

import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { v7 as uuid } from 'uuid'
import { describe, expect, it } from 'vitest'
import type { CommandContext } from '../../../src/commands/commandHandler.js'
import { prepareAppend } from '../../../src/commands/handling/prepareAppend.js'
import type { WorkflowEvent } from '../../../src/domain/events/catalogue/index.js'
import { type ChainedEvent, chainStart, checkLink, genesisHash, verifyChain } from '../../../src/domain/hashChain.js'
import { canonicalize } from '../../support/commands/canonicalize.js'
import { testContext } from '../../support/commands/context.js'

const stream = `workflow-${uuid()}`

/** A chain as the write path makes it, in appends of the given contexts. */
const chain = (contexts: readonly CommandContext[]): ChainedEvent[] => {
  const events: ChainedEvent[] = []
  let hash = genesisHash
  for (const context of contexts) {
    const decided: WorkflowEvent[] = [
      { type: 'WorkflowRenamed', data: { name: `name ${events.length} "ä"` } },
      { type: 'NodeMoved', data: { nodeId: uuid(), position: { x: events.length, y: -1 } } },
    ]
    const prepared = prepareAppend(stream, events.length - 1, hash, decided, context)
    for (const { id, type, data, metadata } of prepared.events) {
      events.push(JSON.parse(JSON.stringify({ id, stream, revision: events.length, type, data, metadata })))
    }
    hash = prepared.lastHash
  }
  return events
}

const contexts = [
  testContext(),
  testContext({ requestHash: 'a'.repeat(64) }),
  testContext({ traceparent: '00-1-2-01', actor: { kind: 'apiKey', id: uuid(), name: 'Zoë "q"' } }),
  testContext({ requestHash: 'b', traceparent: '00-3-4-01' }),
]

describe('the hash chain', () => {
  it('is SHA-256 over the canonical JSON of the whole event but its hash', () => {
    for (const { metadata, ...event } of chain(contexts)) {
      const { hash, ...rest } = metadata as { hash: string; prevHash: string }
      const covered = canonicalize({ ...event, metadata: rest, prevHash: rest.prevHash })
      expect(hash).toBe(
        createHash('sha256')
          .update(covered as string)
          .digest('hex'),
      )
    }
  })

  it('begins with 64 zeros and links every event to the one before', () => {
    const hashes = chain(contexts).map(({ metadata }) => metadata as { prevHash: string; hash: string })
    expect(hashes[0]?.prevHash).toBe('0'.repeat(64))
    expect(hashes.slice(1).map(({ prevHash }) => prevHash)).toEqual(hashes.slice(0, -1).map(({ hash }) => hash))
  })

  it('holds for what the write path makes, whole or piece by piece', () => {
    const events = chain(contexts)
    expect(verifyChain(events)).toBeUndefined()
    let cursor = chainStart
    for (const event of events) cursor = checkLink(cursor, event) as typeof chainStart
    expect(cursor.revision).toBe(7)
  })

  it('names the first event that was changed, and how', () => {
    const events = chain(contexts)
    const changed = events.with(3, { ...events[3]!, data: { ...(events[3]!.data as object), extra: 1 } })
    expect(verifyChain(changed)).toEqual({ stream, revision: 3, reason: 'wrong_hash' })
    expect(verifyChain(events.slice(1))).toEqual({ stream, revision: 1, reason: 'revision_gap' })
    expect(verifyChain([events[0]!, { ...events[2]!, revision: 1 }])).toEqual({
      stream,
      revision: 1,
      reason: 'wrong_previous_hash',
    })
    expect(verifyChain([{ ...events[0]!, metadata: {} }])).toEqual({
      stream,
      revision: 0,
      reason: 'unreadable_metadata',
    })
  })

  it('detects any single change of any event', () => {
    const events = chain(contexts)
    const leaves = (value: unknown, path: string[] = []): string[][] =>
      typeof value === 'object' && value !== null
        ? Object.entries(value).flatMap(([key, item]) => leaves(item, [...path, key]))
        : [path]
    const altered = (value: unknown): unknown =>
      typeof value === 'string' ? `${value}x` : typeof value === 'number' ? value + 1 : null
    const places = events.flatMap((event, index) => leaves(event).map((path) => ({ index, path })))
    fc.assert(
      fc.property(fc.constantFrom(...places), fc.boolean(), ({ index, path }, remove) => {
        const damaged = structuredClone(events) as unknown as Record<string, unknown>[]
        const holder = path.slice(0, -1).reduce<Record<string, unknown>>((o, key) => o[key] as never, damaged[index]!)
        const leaf = path.at(-1)!
        if (remove) delete holder[leaf]
        else holder[leaf] = altered(holder[leaf])
        expect(verifyChain(damaged as unknown as ChainedEvent[])).toBeDefined()
      }),
      { numRuns: 300 },
    )
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createAudit } from '../../../src/audit/createAudit.js'
import { leavesOf } from '../../../src/audit/leaves.js'
import { diffDefinitions } from '../../../src/domain/diff/definitionDiff.js'
import type { JsonValue } from '../../../src/domain/json.js'
import { draftOf, type Workflow } from '../../../src/domain/workflow/state.js'
import { importedInTurn } from '../../support/audit.js'
import { definitions } from '../../support/commands/arbitraries.js'

const histories = fc.array(definitions, { minLength: 1, maxLength: 5 })
const runs = { numRuns: 40 }

/** Leaves of the draft by the pointers that blame uses: nodes and edges by id. */
const leavesOfDraft = ({ name, description, settings, nodes, edges }: Workflow): (readonly [string, unknown])[] => [
  ...leavesOf(name, '/name'),
  ...leavesOf(description, '/description'),
  ...leavesOf(settings as JsonValue, '/settings'),
  ...[...nodes.values()].flatMap((node) =>
    Object.entries(node).flatMap(([key, value]) => [...leavesOf(value as JsonValue, `/nodes/${node.id}/${key}`)]),
  ),
  ...[...edges.values()].flatMap((edge) => [...leavesOf(edge, `/edges/${edge.id}`)]),
]

describe('replay on demand', () => {
  it('shows a workflow as of every revision and time as its command answered then', async () => {
    await fc.assert(
      fc.asyncProperty(histories, async (history) => {
        const { log, id, outcomes } = await importedInTurn(history)
        const audit = createAudit({ store: log, feed: log })
        for (const { workflow, revision } of outcomes) {
          const { recordedAt } = log.events[revision]!
          const [byRevision, byTime] = await Promise.all([
            audit.workflowAt(id, { revision }),
            audit.workflowAt(id, { time: recordedAt }),
          ])
          expect(byRevision).toEqual({ state: workflow, revision })
          expect(byTime).toEqual({ state: workflow, revision })
        }
      }),
      runs,
    )
  })

  it('says what changed between any two moments as their difference', async () => {
    const points = fc.tuple(histories, fc.nat(), fc.nat())
    await fc.assert(
      fc.asyncProperty(points, async ([history, a, b]) => {
        const { log, id, outcomes } = await importedInTurn(history)
        const [first, second] = [a % outcomes.length, b % outcomes.length].sort((x, y) => x - y)
        const [from, to] = [outcomes[first!]!, outcomes[second!]!]
        const audit = createAudit({ store: log, feed: log })
        const changes = await audit.changes(id, { revision: from.revision }, { revision: to.revision })
        expect(changes).toMatchObject({ from: from.revision, to: to.revision })
        const [before, after] = [await audit.workflowAt(id, from), await audit.workflowAt(id, to)]
        expect(changes.diff).toEqual(diffDefinitions(draftOf(before.state), draftOf(after.state)))
        expect(changes.events.map(({ revision }) => revision)).toEqual(
          Array.from({ length: to.revision - from.revision }, (_, index) => from.revision + 1 + index),
        )
      }),
      runs,
    )
  })

  it('blames every leaf of the draft, and nothing else, on the event that made it what it is, and says what it was', async () => {
    await fc.assert(
      fc.asyncProperty(histories, async (history) => {
        const { log, id, outcomes } = await importedInTurn(history)
        const audit = createAudit({ store: log, feed: log })
        const last = outcomes.at(-1)!
        const { entries, revision } = await audit.blame(id)
        expect(revision).toBe(last.revision)
        const blamed = new Map(entries.map(({ pointer, value }) => [pointer, value]))
        expect(blamed).toEqual(new Map(leavesOfDraft(last.workflow)))
        for (const entry of entries) {
          const event = log.events[entry.revision]!
          expect([entry.eventId, entry.eventType]).toEqual([event.id, event.type])
          // Just before that event the leaf was not what it is; since then it always was.
          const before = entry.revision === 0 ? undefined : await audit.workflowAt(id, { revision: entry.revision - 1 })
          const was = before && new Map(leavesOfDraft(before.state)).get(entry.pointer)
          expect(was).not.toEqual(entry.value)
          expect(entry.before).toEqual(was)
        }
      }),
      { numRuns: 8 },
    )
  })
})

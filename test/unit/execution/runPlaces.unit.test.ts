import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRunPlaces, type RunPlaces } from '../../../src/commands/executions/runPlaces.js'
import type { StoredEvent } from '../../../src/domain/events/recordedEvent.js'

const workflowId = 'w'
const event = (type: string, executionId: string, data: unknown = {}): StoredEvent => ({
  ...{ id: '', revision: 0, position: 0n, recordedAt: '', metadata: {} },
  ...{ type, stream: `execution-${executionId}`, data },
})
const started = (id: string) => event('ExecutionStarted', id, { workflowId, queued: true })
const resumed = (id: string, from = 'queued') => event('ExecutionResumed', id, { from })

/** A process that knows a prefix of the log. */
const processOf = (log: readonly StoredEvent[]) => {
  const places: RunPlaces = createRunPlaces()
  let known = 0
  return {
    places,
    learn: async (upTo: number) => {
      for (; known < Math.min(upTo, log.length); known += 1) {
        const next = log[known]
        if (next !== undefined) await places.apply(next, async () => workflowId)
      }
    },
  }
}

const step = fc.record({ process: fc.nat(2), act: fc.constantFrom('start', 'admit', 'end', 'learn'), pick: fc.nat() })

describe('the places of a limited workflow', () => {
  it('are given to no more runs than the limit, however far behind each of several processes is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 120 }), fc.integer({ min: 1, max: 3 }), async (steps, limit) => {
        const log: StoredEvent[] = []
        const processes = [processOf(log), processOf(log), processOf(log)]
        const running = new Set<string>()
        const open = new Set<string>()
        let count = 0
        for (const { process, act, pick } of steps) {
          const { places, learn } = processes[process] ?? processOf(log)
          if (act === 'learn') await learn(pick % (log.length + 1))
          if (act === 'start') {
            count += 1
            open.add(`r${count}`)
            log.push(started(`r${count}`))
          }
          if (act === 'admit') {
            // What a process believes may be old; that the run still waits is checked by the append's exact revision.
            for (const id of places.waiting(workflowId)) {
              if (!places.mayRun(workflowId, id, limit)) break
              if (!open.has(id) || running.has(id)) continue
              running.add(id)
              log.push(resumed(id))
            }
          }
          if (act === 'end') {
            const ended = [...open][pick % Math.max(1, open.size)]
            if (ended === undefined) continue
            open.delete(ended)
            running.delete(ended)
            log.push(event('ExecutionCompleted', ended))
          }
          expect(running.size).toBeLessThanOrEqual(limit)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('are all given once a process knows the whole log, in the order of the starts', async () => {
    const log = [started('a'), started('b'), started('c'), resumed('a'), started('d'), event('ExecutionFailed', 'a')]
    const { places, learn } = processOf(log)
    await learn(log.length)
    expect([...places.waiting(workflowId)]).toEqual(['b', 'c', 'd'])
    expect(['b', 'c', 'd'].filter((id) => places.mayRun(workflowId, id, 2))).toEqual(['b', 'c'])
    expect(places.count(workflowId)).toBe(3)
  })

  it('are also taken by a run that is taken up again, and left with its end', async () => {
    const log = [started('a'), resumed('a'), event('ExecutionFailed', 'a'), resumed('a', 'failed'), started('b')]
    const { places, learn } = processOf(log)
    await learn(log.length)
    expect(places.mayRun(workflowId, 'b', 1)).toBe(false)
    log.push(event('ExecutionCompleted', 'a'))
    await learn(log.length)
    expect(places.mayRun(workflowId, 'b', 1)).toBe(true)
  })

  it('keep nothing of what has ended', async () => {
    const log = [started('a'), event('ExecutionCancelled', 'a'), event('ExecutionCancelled', 'a')]
    const { places, learn } = processOf(log)
    await learn(log.length)
    expect([...places.workflows()]).toEqual([])
  })
})

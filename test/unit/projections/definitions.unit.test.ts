import { v7 as uuidv7 } from 'uuid'
import { describe, expect, it } from 'vitest'
import { catalogue, type DomainEvent, type ExecutionEvent } from '../../../src/domain/events/catalogue/index.js'
import { decodeEvent } from '../../../src/domain/events/decodeEvent.js'
import type { RecordedEvent } from '../../../src/domain/events/recordedEvent.js'
import { evolveAllExecution } from '../../../src/domain/execution/evolveExecution.js'
import { absentExecution } from '../../../src/domain/execution/executionState.js'
import { valuesOf } from '../../../src/domain/execution/persistentMap.js'
import { executionStatusOf } from '../../../src/http/views/executionView.js'
import { projections } from '../../../src/projections/definitions/index.js'
import { plainFoldAll } from '../../../src/projections/fold/plainFold.js'
import { eventTypesOf } from '../../../src/projections/model/projection.js'
import { resolveExecution } from '../../../src/projections/queries/resolveExecution.js'
import { busyWorkflow, eventfulRun } from '../../support/projections/corpus.js'
import { envelope, pureRun, type StreamEvents } from '../../support/projections/events.js'

const record = ([stream, events]: StreamEvents): RecordedEvent[] =>
  events.map((event: DomainEvent, revision) =>
    decodeEvent({
      ...envelope(event),
      stream,
      revision,
      position: BigInt(revision + 1),
      recordedAt: '2026-01-01T00:00:00.000Z',
    }),
  )

const rowsOf = (name: string, ...streams: StreamEvents[]) => rowsFrom(name, streams.flatMap(record))

const rowsFrom = (name: string, events: readonly RecordedEvent[]) => {
  const projection = projections.find((each) => each.name === name)
  if (projection === undefined) throw new Error(name)
  return plainFoldAll(projection, events)
}

describe('the projections', () => {
  it('listen to event types that exist, on the streams that have them', () => {
    for (const projection of projections) {
      for (const type of eventTypesOf(projection)) expect(Object.keys(catalogue)).toContain(type)
    }
    expect(new Set(projections.map(({ name }) => name)).size).toBe(projections.length)
  })

  it('show what a workflow became', () => {
    const tables = rowsOf('workflows', ...busyWorkflow())
    expect(tables.get('workflows')).toMatchObject([
      { status: 'versioned', latest_version: 2, published_version: null, revision: 15 },
    ])
    expect(tables.get('nodes')).toMatchObject([{ key: 'b', config: { changed: true }, position_x: 1, ordinal: 2 }])
    expect(tables.get('edges')).toEqual([])
  })

  it('keep one version published at most', () => {
    const [story] = busyWorkflow()
    if (story === undefined) throw new Error('no story')
    const [stream, events] = story
    const published = (count: number) =>
      rowsOf('versions', [stream, events.slice(0, count)])
        .get('versions')
        ?.map((row) => row.published)
    expect([published(6), published(7), published(10), published(16)]).toEqual([
      [false],
      [true],
      [false, true],
      [false, false],
    ])
  })

  it('forget a deleted secret and remember when a key was revoked', () => {
    const streams = busyWorkflow()
    expect(rowsOf('secrets', ...streams).get('secrets')).toMatchObject([{ key: 'TOKEN', version: 3 }])
    expect(rowsOf('api_keys', ...streams).get('api_keys')?.[0]).toMatchObject({
      name: 'ci',
      revoked_at: expect.stringContaining('T'),
    })
  })

  it('leave no work behind when a run is over', () => {
    const workflowId = uuidv7()
    for (const ending of ['completed', 'cancelled'] as const) {
      for (const rows of rowsOf('work', eventfulRun(workflowId, ending)).values()) expect(rows).toEqual([])
    }
  })

  it('show the work that waits, while it waits', () => {
    const [stream, events] = eventfulRun(uuidv7(), 'open')
    const openAfter = (count: number) =>
      Object.fromEntries(
        [...rowsOf('work', [stream, events.slice(0, count)])].map(([table, rows]) => [table, rows.length]),
      )
    const none = { open_attempts: 0, timers: 0, waiting_signals: 0, waiting_parents: 0, queued_starts: 0 }
    expect(openAfter(1)).toEqual({ ...none, queued_starts: 1 })
    expect(openAfter(3)).toEqual({ ...none, open_attempts: 1 })
    expect(openAfter(5)).toEqual({ ...none, open_attempts: 1, waiting_signals: 1 })
    expect(openAfter(8)).toEqual({ ...none, timers: 1, waiting_signals: 1, waiting_parents: 1 })
    expect(openAfter(12)).toEqual({ ...none, open_attempts: 1, waiting_parents: 1 })
  })

  it('give a run the status that its steps add up to', () => {
    const [stream, events] = eventfulRun(uuidv7(), 'failed')
    const status = (count: number) =>
      rowsOf('executions', [stream, events.slice(0, count)]).get('executions')?.[0]?.status
    // queued, scheduled, an attempt failed and all wait, all but a held one decided, failed, resumed (the held one may run again), paused
    expect([1, 3, 6, 8, 15, 16, 17, 18].map(status)).toEqual([
      'queued',
      'running',
      'waiting',
      'waiting',
      'held',
      'failed',
      'running',
      'paused',
    ])
  })

  it('agree with the write side on every run and step, after every event', () => {
    for (const ending of ['completed', 'cancelled', 'failed', 'open'] as const) {
      const [stream, events] = eventfulRun(uuidv7(), ending)
      const recorded = record([stream, events]) as RecordedEvent<ExecutionEvent>[]
      for (let count = 1; count <= events.length; count += 1) {
        const state = evolveAllExecution(absentExecution, recorded.slice(0, count))
        const tables = rowsFrom('executions', recorded.slice(0, count))
        const [row] = tables.get('executions') ?? []
        const steps = tables.get('execution_steps') ?? []
        const view = resolveExecution(row as never, steps as never)
        expect(view.status).toBe(executionStatusOf(state))
        expect(
          view.steps.map(({ nodeId, status, attempts, output, startedAt, finishedAt }) => [
            nodeId,
            status,
            attempts,
            output,
            startedAt,
            finishedAt,
          ]),
        ).toEqual(
          [...valuesOf(state.nodes)].map((node) => [
            node.nodeId,
            node.status === 'retrying' ? 'waiting' : node.status,
            node.attempts,
            node.output ?? null,
            node.startedAt,
            node.finishedAt ?? null,
          ]),
        )
      }
    }
  })

  it('write no payload for nodes that pass theirs through, and one row of activity per event', () => {
    const run = pureRun(uuidv7(), 2)
    expect(
      rowsOf('executions', run)
        .get('execution_steps')
        ?.map((row) => row.output === undefined),
    ).toEqual([true, false, false])
    expect(rowsOf('activity', run).get('activity')).toHaveLength(4)
  })
})

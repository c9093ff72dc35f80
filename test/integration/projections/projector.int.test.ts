import { describe, expect, it } from 'vitest'
import type { DomainEvent } from '../../../src/domain/events/catalogue/index.js'
import { idOfStream } from '../../../src/domain/streams.js'
import { eventfulRun } from '../../support/projections/corpus.js'
import { append, pureRun, type StreamEvents, workflowStory } from '../../support/projections/events.js'
import { reached } from '../../support/projections/harness.js'
import { harness, log } from '../../support/projections/harnessOfEachTest.js'

const start = async () => {
  const projector = harness.projector(log)
  await projector.start()
  return projector
}

describe('the projector', () => {
  it('shows a workflow with its draft, its versions and what happened to it', async () => {
    const projector = await start()
    const { workflowId, events } = workflowStory()
    const { position } = await append(log, events)
    await reached(projector, position)
    const workflow = await harness.readModels.workflows.find(workflowId)
    expect(workflow).toMatchObject({
      name: 'Orders',
      status: 'published',
      latestVersion: 2,
      publishedVersion: 2,
      revision: 9,
    })
    expect(workflow?.nodes.map(({ key, position: at, config }) => [key, at, config])).toEqual([
      ['a', { x: 7, y: 8 }, { text: '{{ secrets.TOKEN }} a' }],
      ['b', { x: 1, y: 2 }, { changed: true }],
    ])
    expect(workflow?.edges).toHaveLength(1)
    const versions = await harness.readModels.versions.list(workflowId, { limit: 10 })
    expect(versions.items.map(({ number, published }) => [number, published])).toEqual([
      [2, true],
      [1, false],
    ])
    expect((await harness.readModels.versions.byNumber(workflowId, 1))?.snapshot.nodes).toHaveLength(2)
    const feed = await harness.readModels.activity.list({ stream: events[0], limit: 3 })
    expect(feed.items.map(({ type }) => type)).toEqual(['VersionPublished', 'VersionSaved', 'NodeConfigured'])
    expect(feed.nextCursor).not.toBeNull()
  })

  it('shows a run with the outputs of its steps', async () => {
    const projector = await start()
    const [stream, events] = pureRun('0198c0de-0000-7000-8000-000000000001', 3, { total: 3 })
    const { position } = await append(log, [stream, events], { size: 2 })
    await reached(projector, position)
    const run = await harness.readModels.executions.find(stream.slice('execution-'.length))
    expect(run).toMatchObject({ status: 'completed', input: { price: 1 }, output: { total: 3 } })
    expect(run?.steps.map(({ key, status }) => [key, status])).toEqual([
      ['start', 'completed'],
      ['step_0', 'completed'],
      ['step_1', 'completed'],
      ['step_2', 'completed'],
    ])
    const list = await harness.readModels.executions.list({ limit: 10, status: 'completed' })
    expect(list.items).toHaveLength(1)
    expect(list.items[0]).not.toHaveProperty('input')
  })

  it('knows the runs with attempts that another executor has claimed', async () => {
    const projector = await start()
    const [stream, events] = eventfulRun('0198c0de-0000-7000-8000-000000000003', 'open')
    const claimed = events.findIndex(({ type }) => type === 'NodeAttemptStarted') + 1
    const { openWork } = harness.readModels
    const claims = await append(log, [stream, events.slice(0, claimed)])
    await reached(projector, claims.position)
    expect(await openWork.attemptsOfOthers('e2', 10)).toEqual([{ executionId: idOfStream(stream) }])
    expect(await openWork.attemptsOfOthers('e2', 0)).toEqual([])
    expect(await openWork.attemptsOfOthers('e1', 10)).toEqual([])
    const scheduled = eventfulRun('0198c0de-0000-7000-8000-000000000003', 'open')
    const more = await append(log, [scheduled[0], scheduled[1].slice(0, claimed - 1)])
    await reached(projector, more.position)
    expect(await openWork.attemptsOfOthers('e2', 10)).toHaveLength(1)
  })

  it('knows the runs of a trigger that have not ended', async () => {
    const projector = await start()
    const workflowId = '0198c0de-0000-7000-8000-000000000002'
    const runs = [
      eventfulRun(workflowId, 'open'),
      eventfulRun(workflowId, 'open'),
      eventfulRun(workflowId, 'cancelled'),
    ]
    let position = 0n
    for (const run of runs) position = (await append(log, run)).position
    await reached(projector, position)
    const openRuns = async ([, [started]]: StreamEvents, limit = 10) => {
      const { trigger } = (started as Extract<DomainEvent, { type: 'ExecutionStarted' }>).data
      return harness.readModels.openWork.openRuns(workflowId, trigger.nodeId, limit)
    }
    const [first, second, ended] = runs as [StreamEvents, StreamEvents, StreamEvents]
    expect(await openRuns(first)).toEqual([{ executionId: idOfStream(first[0]) }])
    expect(await openRuns(second)).toEqual([{ executionId: idOfStream(second[0]) }])
    expect(await openRuns(second, 0)).toEqual([])
    expect(await openRuns(ended)).toEqual([])
  })

  it('lists the runs that wait for a signal', async () => {
    const projector = await start()
    const workflowId = '0198c0de-0000-7000-8000-000000000004'
    const [waiting, events] = eventfulRun(workflowId, 'open')
    const consumed = events.findIndex(({ type }) => type === 'SignalConsumed')
    await append(log, [waiting, events.slice(0, consumed)])
    const { position } = await append(log, eventfulRun(workflowId, 'open'))
    await reached(projector, position)
    const waitingFor = async (name: string, filter = {}) => {
      const { items } = await harness.readModels.executions.list({ limit: 10, waitingFor: name, ...filter })
      return items.map(({ id }) => id)
    }
    expect(await waitingFor('ok')).toEqual([idOfStream(waiting)])
    expect(await waitingFor('ok', { workflowId })).toEqual([idOfStream(waiting)])
    expect(await waitingFor('ok', { status: 'completed' })).toEqual([])
    expect(await waitingFor('OK')).toEqual([])
  })
})

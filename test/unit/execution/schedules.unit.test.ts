import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type {
  PublishedTrigger,
  PublishedTriggers,
} from '../../../src/commands/executions/triggers/publishedTriggers.js'
import { type ErrorKind, FlowledgerError } from '../../../src/domain/errors.js'
import type { JsonObject } from '../../../src/domain/json.js'
import type { InMemoryLog } from '../../../src/eventlog/inMemory/inMemoryLog.js'
import { createScheduler } from '../../../src/execution/schedules/createScheduler.js'
import { define, idOf, noop } from '../../support/execution/definitions.js'
import { openWorkOfLog, runsOf } from '../../support/execution/openWorkOfLog.js'
import { createRunEngine, type RunEngine } from '../../support/execution/runEngine.js'

const published = (config: JsonObject, publishedAt: string): PublishedTrigger => ({
  workflowId: idOf('w'),
  version: 1,
  nodeId: idOf('clock'),
  key: 'clock',
  type: 'trigger.schedule',
  config,
  publishedAt,
})

const only = (trigger: PublishedTrigger): PublishedTriggers => ({
  start: async () => undefined,
  stop: async () => undefined,
  of: () => [trigger],
  onChange: () => () => undefined,
})

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
})
afterEach(() => {
  vi.useRealTimers()
})

/** A schedule of one workflow, with as many processes as asked for; `hold` keeps its runs from ending. */
const scheduled = (
  config: JsonObject,
  now: string,
  {
    processes = 1,
    hold = false,
    publishedAt = now,
    log,
    beforeStart = () => undefined,
  }: {
    processes?: number
    hold?: boolean
    publishedAt?: string
    /** What an earlier process left. */
    log?: InMemoryLog
    /** May throw what a start may. */
    beforeStart?: () => void
  } = {},
) => {
  vi.setSystemTime(new Date(now))
  const clockNode = { type: 'trigger.schedule', config }
  const work = hold ? { type: 'signal', config: { name: 'end' } } : noop
  const workflows = { w: define({ clock: clockNode, work }, ['clock -> work']) }
  const engines: RunEngine[] = []
  const schedulers = Array.from({ length: processes }, () => {
    const shared = engines[0]?.log ?? log
    const engine = createRunEngine({
      workflows,
      scanMs: 3_600_000,
      sole: processes === 1,
      ...(shared === undefined ? {} : { log: shared }),
    })
    engines.push(engine)
    return createScheduler({
      triggers: only(published(config, publishedAt)),
      runs: engine.runs,
      openWork: openWorkOfLog(() => engine.log.events),
      start: async (context, request) => {
        beforeStart()
        return engine.commands.start(context, request)
      },
      clock: { now: () => new Date() },
      unexpected: (error) => engine.unexpected.push(error),
    })
  })
  const [first] = engines
  if (first === undefined) throw new Error('no process')
  for (const scheduler of schedulers) scheduler.start()
  return {
    log: first.log,
    /** Lets the clock go on without the process: a machine that sleeps. */
    sleepUntil: (time: string) => vi.setSystemTime(new Date(time)),
    /** Ends the oldest run that waits. */
    endOne: async () => {
      const active = runsOf(first.log.events).filter(({ phase }) => phase === 'active')
      const [oldest] = active.sort((a, b) => (a.startedAt < b.startedAt ? -1 : 1))
      if (oldest === undefined) throw new Error('no run is active')
      await first.commands.signal(first.context(), { executionId: oldest.executionId, name: 'end' })
    },
    to: async (time: string) => {
      await vi.advanceTimersByTimeAsync(Date.parse(time) - Date.now())
    },
    fired: () =>
      runsOf(first.log.events)
        .map(({ input, phase }) => ({ at: (input as { scheduledAt: string }).scheduledAt, phase }))
        .sort((a, b) => (a.at < b.at ? -1 : 1)),
    stop: async () => {
      vi.useRealTimers()
      await Promise.all(schedulers.map((scheduler) => scheduler.stop()))
      await Promise.all(engines.map((engine) => engine.stop()))
      expect(engines.flatMap((engine) => engine.unexpected)).toEqual([])
    },
  }
}
const times = (fired: readonly { at: string }[]) => fired.map(({ at }) => at)

describe('a schedule', () => {
  it('starts runs at its times, with the time as their input', async () => {
    const clock = scheduled({ cron: '*/10 * * * *', timezone: 'UTC' }, '2026-01-01T00:01:00Z')
    await clock.to('2026-01-01T00:31:00Z')
    expect(clock.fired()).toEqual([
      { at: '2026-01-01T00:10:00.000Z', phase: 'ended' },
      { at: '2026-01-01T00:20:00.000Z', phase: 'ended' },
      { at: '2026-01-01T00:30:00.000Z', phase: 'ended' },
    ])
    await clock.stop()
  })

  it('fires once, however many processes there are', async () => {
    const clock = scheduled({ cron: '*/10 * * * *' }, '2026-01-01T00:01:00Z', { processes: 3 })
    await clock.to('2026-01-01T00:21:00Z')
    expect(times(clock.fired())).toEqual(['2026-01-01T00:10:00.000Z', '2026-01-01T00:20:00.000Z'])
    await clock.stop()
  })

  it('makes up, once, for what passed while no process ran, but not for what passed before it was published', async () => {
    const missed = scheduled({ cron: '0 * * * *' }, '2026-01-01T05:30:00Z', { publishedAt: '2026-01-01T01:30:00Z' })
    await missed.to('2026-01-01T05:31:00Z')
    expect(times(missed.fired())).toEqual(['2026-01-01T05:00:00.000Z'])
    await missed.stop()
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
    const fresh = scheduled({ cron: '0 * * * *' }, '2026-01-01T05:30:00Z')
    await fresh.to('2026-01-01T05:31:00Z')
    expect(fresh.fired()).toEqual([])
    await fresh.stop()
  })

  it('keeps to the local time over both changes of daylight saving', async () => {
    const spring = scheduled({ cron: '30 2 * * *', timezone: 'Europe/Berlin' }, '2026-03-28T12:00:00Z')
    await spring.to('2026-03-30T12:00:00Z')
    // 02:30 does not exist on the 29th: it fires when the clock jumps to 03:00.
    expect(times(spring.fired())).toEqual(['2026-03-29T01:00:00.000Z', '2026-03-30T00:30:00.000Z'])
    await spring.stop()
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
    const autumn = scheduled({ cron: '30 2 * * *', timezone: 'Europe/Berlin' }, '2026-10-24T12:00:00Z')
    await autumn.to('2026-10-26T12:00:00Z')
    // 02:30 comes twice on the 25th, and fires once.
    expect(times(autumn.fired())).toEqual(['2026-10-25T00:30:00.000Z', '2026-10-26T01:30:00.000Z'])
    await autumn.stop()
  })
})

describe('a schedule of a machine that slept', () => {
  it('makes up for the last time only, and goes on', async () => {
    const clock = scheduled({ cron: '*/10 * * * *', overlap: 'allow' }, '2026-01-01T00:01:00Z')
    await clock.to('2026-01-01T00:11:00Z')
    clock.sleepUntil('2026-01-01T05:25:00Z')
    await clock.to('2026-01-01T05:41:00Z')
    expect(times(clock.fired())).toEqual([
      '2026-01-01T00:10:00.000Z',
      '2026-01-01T05:20:00.000Z',
      '2026-01-01T05:30:00.000Z',
      '2026-01-01T05:40:00.000Z',
    ])
    await clock.stop()
  })
})

describe('a schedule whose run can not be started', () => {
  const away = (kind: ErrorKind, code: string) => new FlowledgerError(kind, code, 'not now')

  it.each([
    ['the log is away', away('unavailable', 'log_unavailable')],
    ['others change the same run', away('conflict', 'concurrent_change')],
  ])('tries again where %s', async (_, error) => {
    let isAway = true
    const clock = scheduled({ cron: '0 * * * *' }, '2026-01-01T00:59:00Z', {
      beforeStart: () => {
        if (isAway) throw error
      },
    })
    await clock.to('2026-01-01T01:00:30Z')
    expect(clock.fired()).toEqual([])
    isAway = false
    await clock.to('2026-01-01T01:01:00Z')
    expect(clock.fired()).toEqual([{ at: '2026-01-01T01:00:00.000Z', phase: 'ended' }])
    await clock.stop()
  })

  it('makes up for the last time only where the log was away for long', async () => {
    let isAway = true
    const clock = scheduled({ cron: '* * * * *', overlap: 'allow' }, '2026-01-01T00:00:30Z', {
      beforeStart: () => {
        if (isAway) throw away('unavailable', 'log_unavailable')
      },
    })
    await clock.to('2026-01-01T00:30:30Z')
    isAway = false
    await clock.to('2026-01-01T00:30:40Z')
    expect(times(clock.fired())).toEqual(['2026-01-01T00:30:00.000Z'])
    await clock.stop()
  })

  it('leaves out the times that the workflow refuses', async () => {
    let tries = 0
    const clock = scheduled({ cron: '0 * * * *' }, '2026-01-01T00:59:00Z', {
      beforeStart: () => {
        tries += 1
        throw away('tooMany', 'concurrency_limit')
      },
    })
    await clock.to('2026-01-01T02:30:00Z')
    expect(tries).toBe(2)
    await clock.stop()
  })
})

describe('a schedule whose runs take longer than its interval', () => {
  const every = { cron: '*/10 * * * *' }
  const from = '2026-01-01T00:01:00Z'
  const until = '2026-01-01T00:31:00Z'

  it('skips times by default', async () => {
    const clock = scheduled({ ...every, overlap: 'skip' }, from, { hold: true })
    await clock.to(until)
    expect(clock.fired()).toEqual([{ at: '2026-01-01T00:10:00.000Z', phase: 'active' }])
    await clock.stop()
  })

  it('skips them however many there were, also after a restart', async () => {
    const minutely = { cron: '* * * * *' }
    const clock = scheduled(minutely, from, { hold: true })
    await clock.to('2026-01-01T02:00:30Z')
    expect(times(clock.fired())).toEqual(['2026-01-01T00:02:00.000Z'])
    await clock.stop()
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
    const restarted = scheduled(minutely, '2026-01-01T04:00:30Z', { hold: true, publishedAt: from, log: clock.log })
    await restarted.to('2026-01-01T04:02:30Z')
    expect(times(restarted.fired())).toEqual(['2026-01-01T00:02:00.000Z'])
    await restarted.endOne()
    await restarted.to('2026-01-01T04:03:30Z')
    expect(times(restarted.fired())).toEqual(['2026-01-01T00:02:00.000Z', '2026-01-01T04:03:00.000Z'])
    await restarted.stop()
  })

  it('lets them overlap where it says so', async () => {
    const clock = scheduled({ ...every, overlap: 'allow' }, from, { hold: true })
    await clock.to(until)
    expect(clock.fired().map(({ phase }) => phase)).toEqual(['active', 'active', 'active'])
    await clock.stop()
  })

  it('queues them where it says so, and starts each when the one before has ended', async () => {
    const clock = scheduled({ ...every, overlap: 'queue' }, from, { hold: true })
    await clock.to(until)
    expect(clock.fired().map(({ phase }) => phase)).toEqual(['active', 'queued', 'queued'])
    await clock.endOne()
    await vi.advanceTimersByTimeAsync(1)
    expect(clock.fired().map(({ phase }) => phase)).toEqual(['ended', 'active', 'queued'])
    await clock.stop()
  })
})

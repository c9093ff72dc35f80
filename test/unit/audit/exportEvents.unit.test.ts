import { expect, it } from 'vitest'
import { exportEvents } from '../../../src/audit/exportEvents.js'
import { auditedLog } from '../../support/audit.js'
import { testContext } from '../../support/commands/context.js'

it('an export holds what occurred in a time, whenever the log recorded it', async () => {
  const { log, workflows } = auditedLog()
  for (const day of [1, 2, 3])
    await workflows.create({ ...testContext(), now: `2025-06-0${day}T12:00:00.000Z` }, { name: `${day}` })
  const exported = async (from: string, to: string) => {
    const names: unknown[] = []
    for await (const { data } of exportEvents({ store: log, feed: log }, { from, to }))
      names.push((data as { name: string }).name)
    return names
  }
  expect(await exported('2025-06-02T12:00:00.000Z', '2025-06-03T12:00:00.000Z')).toEqual(['2'])
  expect(await exported('2025-06-03T00:00:00.000Z', '2027-01-01T00:00:00.000Z')).toEqual(['3'])
})

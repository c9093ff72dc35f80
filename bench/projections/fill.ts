import { v7 as uuidv7 } from 'uuid'
import type { createEventStoreDbClient } from '../../src/eventlog/eventStoreDb/client.js'
import { eventStoreDbStore } from '../../src/eventlog/eventStoreDb/eventStoreDbStore.js'
import { append, pureRun } from '../../test/support/projections/events.js'

/** Events of one run of five pure nodes: started, five completed, completed. */
export const eventsPerRun = 7

/** Appends runs of five pure nodes over `workflows` workflows, 64 at once, until there are `events` events. */
export const fill = async (
  client: ReturnType<typeof createEventStoreDbClient>,
  events: number,
  workflows = 20,
): Promise<void> => {
  const store = eventStoreDbStore(client)
  const ids = Array.from({ length: workflows }, () => uuidv7())
  let left = Math.ceil(events / eventsPerRun)
  const work = async () => {
    while (left > 0) {
      left -= 1
      await append(store, pureRun(ids[left % workflows] as string))
    }
  }
  await Promise.all(Array.from({ length: 64 }, work))
}

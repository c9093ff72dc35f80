import fc from 'fast-check'
import { v5 as uuidv5 } from 'uuid'
import { describe, expect, it } from 'vitest'
import { eventIdsOf } from '../../../src/domain/eventIds.js'

describe('the ids of events', () => {
  it('are UUIDs of version 5, of the index in the name space of the command', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.nat(), (commandId, index) => {
        expect(eventIdsOf(commandId)(index)).toBe(uuidv5(String(index), commandId))
      }),
      { numRuns: 500 },
    )
  })

  it.each(['', 'no-uuid', '0'.repeat(32), 'z'.repeat(36)])('need a UUID, not %j', (commandId) => {
    expect(() => eventIdsOf(commandId)).toThrow(TypeError)
  })
})

import { v7 as uuid } from 'uuid'
import { expect } from 'vitest'
import type { Aggregate } from '../../../src/commands/commandHandler.js'
import type { FlowledgerError } from '../../../src/domain/errors.js'
import type { DomainEvent } from '../../../src/domain/events/catalogue/index.js'
import type { RecordedEvent } from '../../../src/domain/events/recordedEvent.js'
import { testNow } from './context.js'

/** Events as if they had been read from the stream. */
export const recorded = <Event extends DomainEvent>(
  category: string,
  id: string,
  events: readonly Event[],
): RecordedEvent<Event>[] =>
  events.map(
    (event, revision) =>
      ({
        ...event,
        id: uuid(),
        stream: `${category}-${id}`,
        revision,
        position: BigInt(revision + 1),
        recordedAt: testNow,
        metadata: {
          $correlationId: 'test',
          $causationId: 'test',
          commandId: 'test',
          schemaVersion: 1,
          actor: { kind: 'system', id: 'test', name: 'test' },
          occurredAt: testNow,
          prevHash: '',
          hash: '',
        },
      }) as RecordedEvent<Event>,
  )

/** given(events).when(decision).then(events), or .thenRefused(code). */
export const deciderTest = <State, Event extends DomainEvent>(aggregate: Aggregate<State, Event>, id: string) => {
  const stateAfter = (events: readonly Event[]): State => {
    const read = recorded(aggregate.category, id, events)
    if (aggregate.evolveAll) return aggregate.evolveAll(aggregate.initialState, read)
    return read.reduce((state, event) => aggregate.evolve(state, event), aggregate.initialState)
  }
  const given = (events: readonly Event[]) => ({
    when: (decide: (state: State) => readonly Event[]) => ({
      // biome-ignore lint/suspicious/noThenProperty: a test reads given, when, then; nobody awaits it
      then: (expected: readonly Event[]) => expect(decide(stateAfter(events))).toEqual(expected),
      thenRefused: (code: string): FlowledgerError => {
        let refusal: unknown
        try {
          decide(stateAfter(events))
        } catch (error) {
          refusal = error
        }
        expect(refusal).toMatchObject({ name: 'FlowledgerError', code })
        return refusal as FlowledgerError
      },
    }),
  })
  return { given, stateAfter }
}

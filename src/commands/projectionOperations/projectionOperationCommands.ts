import { v5 as uuidv5 } from 'uuid'
import { invalid } from '../../domain/errors.js'
import { catalogue, type ProjectionEvent } from '../../domain/events/catalogue/index.js'
import { projectionEvents } from '../../domain/events/catalogue/projections.js'
import type { Actor } from '../../domain/events/metadata.js'
import type { Aggregate, CommandHandler } from '../commandHandler.js'

/** Something that was done to a projection. The same id twice is one event. */
export interface DoneOperation {
  readonly id: string
  readonly projection: string
  readonly type: string
  readonly data: unknown
  readonly actor: Actor
  readonly correlationId: string
  /** ISO time. */
  readonly occurredAt: string
}

/** Writes into the stream `projection-<name>` what operators did. */
export interface ProjectionOperationCommands {
  record(operation: DoneOperation): Promise<void>
}

interface History {
  readonly operations: number
}

const projectionHistory: Aggregate<History, ProjectionEvent> = {
  category: 'projection',
  initialState: { operations: 0 },
  evolve: ({ operations }) => ({ operations: operations + 1 }),
}

const namespace = '7c2c1f5e-2f0b-4a43-9b1e-8d0a5c7e4f26'

const isProjectionEvent = (type: string): type is ProjectionEvent['type'] => Object.hasOwn(projectionEvents, type)

const toEvent = ({ type, data }: DoneOperation): ProjectionEvent => {
  if (!isProjectionEvent(type)) throw invalid('unknown_operation', `The type ${type} is none of a projection.`)
  return { type, data: catalogue[type].current.parse(data) } as ProjectionEvent
}

export const createProjectionOperationCommands = ({
  handler,
}: {
  readonly handler: CommandHandler
}): ProjectionOperationCommands => ({
  record: async (operation) => {
    const { id, actor, correlationId, occurredAt, projection } = operation
    const event = toEvent(operation)
    const commandId = uuidv5(`${projection} ${id}`, namespace)
    await handler.handle(
      projectionHistory,
      projection,
      { commandId, actor, now: occurredAt, correlationId, causationId: commandId },
      () => [event],
    )
  },
})

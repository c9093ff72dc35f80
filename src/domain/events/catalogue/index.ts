import type { z } from 'zod'
import { apiKeyEvents } from './apiKeys.js'
import type { EventType as CataloguedType } from './eventType.js'
import { executionEvents } from './execution.js'
import { projectionEvents } from './projections.js'
import { secretEvents } from './secrets.js'
import { workflowEvents } from './workflow.js'

/** Every event type the program has ever written, by name. */
export const catalogue = {
  ...workflowEvents,
  ...secretEvents,
  ...executionEvents,
  ...apiKeyEvents,
  ...projectionEvents,
} as const

type Catalogue = typeof catalogue
type EventsOf<G extends Record<string, CataloguedType>> = {
  [T in keyof G & string]: { readonly type: T; readonly data: z.output<G[T]['current']> }
}[keyof G & string]

export type EventTypeName = keyof Catalogue
export type WorkflowEvent = EventsOf<typeof workflowEvents>
export type SecretEvent = EventsOf<typeof secretEvents>
export type ExecutionEvent = EventsOf<typeof executionEvents>
export type ApiKeyEvent = EventsOf<typeof apiKeyEvents>
export type ProjectionEvent = EventsOf<typeof projectionEvents>
/** An event as deciders return it and folds take it: what happened, without where and when. */
export type DomainEvent = WorkflowEvent | SecretEvent | ExecutionEvent | ApiKeyEvent | ProjectionEvent
export type EventData<T extends EventTypeName> = Extract<DomainEvent, { type: T }>['data']

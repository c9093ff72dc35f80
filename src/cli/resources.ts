import type { Actor } from '../domain/events/metadata.js'
import type { JsonObject, JsonValue } from '../domain/json.js'
import type { ProjectionStatus as Status } from '../projections/operations/projectionOperations.js'
import type { ApiKeySummary } from '../projections/queries/apiKeys.js'

/** What the API answers, as far as it is shown. */
export interface Page<T> {
  readonly items: readonly T[]
  readonly nextCursor: string | null
}

export interface ExecutionSummary {
  readonly id: string
  readonly workflowId: string
  readonly version: number
  readonly status: string
  readonly trigger: { readonly key: string; readonly type: string }
  readonly error: { readonly code: string; readonly message: string } | null
  readonly revision: number
  readonly startedAt: string
  readonly finishedAt: string | null
}

export interface Step {
  readonly nodeId: string
  readonly key: string
  readonly type: string
  readonly status: string
  readonly attempts: number
  readonly error: { readonly code: string; readonly message: string } | null
  readonly startedAt: string | null
  readonly finishedAt: string | null
}

export interface Execution extends ExecutionSummary {
  readonly input: JsonValue
  readonly output: JsonValue
  readonly origin: { readonly executionId: string } | null
  readonly steps: readonly Step[]
}

export interface LoggedEvent {
  readonly type: string
  readonly revision: number
  readonly position: string
  readonly occurredAt: string
  readonly actor: Actor
  readonly data: JsonObject
}

/** An event of any stream, without its payload. */
export interface Activity extends Omit<LoggedEvent, 'data'> {
  readonly stream: string
  readonly correlationId: string
}

export type ProjectionStatus = Omit<Status, 'position' | 'head'> & {
  readonly position: string | null
  readonly head: string | null
}

export type IssuedApiKey = Omit<ApiKeySummary, 'createdBy'> & { readonly key: string | null }

import type { EventTypeName } from '../../../domain/events/catalogue/index.js'
import type { EventOf } from '../../model/projection.js'

export type OpenStatus = 'scheduled' | 'running' | 'waiting' | 'held' | 'inDoubt'
/** The steps of a run that are under way, by node id. */
export type OpenSteps = { readonly [nodeId: string]: OpenStatus }

type Change<T extends EventTypeName> = (event: EventOf<T>) => OpenStatus | null

/** What an event says of its step: its open status, or null when it is decided. The steps' table and the run's status agree by it. */
export const openStatusAfter: {
  readonly NodeScheduled: Change<'NodeScheduled'>
  readonly NodeAttemptStarted: Change<'NodeAttemptStarted'>
  readonly NodeAttemptFailed: Change<'NodeAttemptFailed'>
  readonly NodeFailed: Change<'NodeFailed'>
  readonly NodeInDoubt: Change<'NodeInDoubt'>
} = {
  NodeScheduled: ({ data }) => (data.wait === undefined ? 'scheduled' : 'waiting'),
  NodeAttemptStarted: () => 'running',
  NodeAttemptFailed: () => 'waiting',
  NodeFailed: ({ data }) => (data.handling === 'hold' ? 'held' : null),
  NodeInDoubt: ({ data }) => (data.handling === 'hold' ? 'inDoubt' : 'scheduled'),
}

export const withStep = (open: OpenSteps, nodeId: string, status: OpenStatus | null): OpenSteps => {
  if (status !== null) return { ...open, [nodeId]: status }
  if (!Object.hasOwn(open, nodeId)) return open
  const { [nodeId]: _, ...rest } = open
  return rest
}

/** A run that is under way runs as long as one of its steps can; else it is held by an operator's step, else it waits. */
export const statusOfOpen = (open: OpenSteps): 'running' | 'waiting' | 'held' => {
  let held = false
  let waiting = false
  for (const nodeId in open) {
    const status = open[nodeId]
    if (status === 'running' || status === 'scheduled') return 'running'
    if (status === 'waiting') waiting = true
    else held = true
  }
  if (held) return 'held'
  return waiting ? 'waiting' : 'running'
}

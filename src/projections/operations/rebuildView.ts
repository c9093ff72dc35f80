import type { RebuildRow } from '../rebuild/rebuildRecords.js'
import type { Rebuild } from './projectionOperations.js'

const doneStates = new Set<Rebuild['state']>(['swapped', 'completed', 'verifying', 'catching_up'])

/** By log position, from the first event to where the log ended when it was asked for. */
const progressOf = ({ state, resume_state, position, target_position, first_position }: RebuildRow): number => {
  if (doneStates.has(state === 'paused' ? (resume_state ?? state) : state)) return 1
  if (target_position === null) return state === 'preparing' ? 0 : 1
  if (position === null) return 0
  const first = first_position ?? 0n
  const whole = target_position - first
  if (whole <= 0n || position >= target_position) return 1
  return Math.max(0, Number(((position - first) * 10_000n) / whole) / 10_000)
}

export const toRebuild = (row: RebuildRow): Rebuild => ({
  id: row.id,
  projection: row.projection,
  state: row.state,
  generation: row.generation,
  fromGeneration: row.from_generation,
  processed: Number(row.processed),
  eventsPerSecond: Math.round(row.events_per_second),
  bytes: Number(row.bytes),
  progress: progressOf(row),
  etaSeconds: row.state === 'replaying' && row.eta_seconds !== null ? Math.round(row.eta_seconds * 10) / 10 : null,
  position: row.position === null ? null : String(row.position),
  targetPosition: String(row.target_position ?? 0n),
  startedAt: row.started_at,
  finishedAt: row.finished_at,
  keepUntil: row.keep_until,
  swapMs: row.swap_ms,
  verification: row.verification,
  error: row.error,
  startedBy: row.actor,
})

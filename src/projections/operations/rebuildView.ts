import type { RebuildRow } from '../rebuild/rebuildRecords.js'
import type { Rebuild } from './projectionOperations.js'

const replayedStates = new Set<Rebuild['state']>(['swapped', 'completed', 'verifying', 'catching_up'])

/** By log position, from the first event to where the log ended when it was asked for. */
const progressOf = (row: RebuildRow): number => {
  const { position, target_position: target } = row
  const state = row.state === 'paused' ? (row.resume_state ?? row.state) : row.state
  if (replayedStates.has(state)) return 1
  if (target === null) return state === 'preparing' ? 0 : 1
  if (position === null) return 0
  const first = row.first_position ?? 0n
  const whole = target - first
  if (whole <= 0n || position >= target) return 1
  return Math.max(0, Number(((position - first) * 10_000n) / whole) / 10_000)
}

/** Events a second from when it was asked for to its end, whatever it waited for; null before. */
export const overallRate = ({ processed, started_at, finished_at }: RebuildRow): number | null => {
  if (finished_at === null) return null
  const seconds = (Date.parse(finished_at) - Date.parse(started_at)) / 1_000
  return seconds > 0 ? Number(processed) / seconds : null
}

const rateOf = (row: RebuildRow): number =>
  row.state === 'replaying' ? row.events_per_second : (overallRate(row) ?? 0)

/** Before this share is replayed, what is left can't be told from it: it may be of a log that is empty there, or dense. */
const tellingShare = 0.01

const etaOf = (row: RebuildRow): number | null => {
  const { state, eta_seconds: eta } = row
  return state === 'replaying' && eta !== null && progressOf(row) >= tellingShare ? Math.round(eta * 10) / 10 : null
}

export const toRebuild = (row: RebuildRow): Rebuild => ({
  id: row.id,
  projection: row.projection,
  state: row.state,
  generation: row.generation,
  fromGeneration: row.from_generation,
  processed: Number(row.processed),
  eventsPerSecond: Math.round(rateOf(row)),
  bytes: Number(row.bytes),
  progress: progressOf(row),
  etaSeconds: etaOf(row),
  position: row.position === null ? null : String(row.position),
  targetPosition: String(row.target_position ?? 0n),
  startedAt: row.started_at,
  finishedAt: row.finished_at,
  keepUntil: row.keep_until,
  swapMs: row.swap_ms === null ? null : Math.round(row.swap_ms * 10) / 10,
  verification: row.verification,
  error: row.error,
  startedBy: row.actor,
})

import type { Rebuild } from '../../projections/operations/projectionOperations.js'
import { shortBytes, shortDuration } from '../terminal/quantities.js'

/** What stands beside a bar. A narrow terminal cuts its end, so what is waited for comes first. */
export const rebuildNote = ({ state, processed, bytes, eventsPerSecond, etaSeconds }: Rebuild): string => {
  const replaying = state === 'replaying'
  return [
    state,
    replaying && etaSeconds !== null && etaSeconds > 0 && `${shortDuration(etaSeconds)} to go`,
    `${processed} events`,
    replaying && `${Math.round(eventsPerSecond)}/s`,
    shortBytes(bytes),
  ]
    .filter((part) => part !== false)
    .join(', ')
}

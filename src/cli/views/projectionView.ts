import type { DeadLetter, DryRun, Rebuild, Verification } from '../../projections/operations/projectionOperations.js'
import type { Page, ProjectionStatus } from '../resources.js'
import { printable } from '../terminal/print.js'
import { shortBytes, shortDuration } from '../terminal/quantities.js'
import { shortTime, table } from '../terminal/table.js'

export const projectionList = ({ items }: Page<ProjectionStatus>): string =>
  table(
    ['projection', 'store', 'state', 'position', 'behind', 'events/s', 'generation', 'dead letters', 'error'],
    items.map((item) => [
      item.name,
      item.store,
      // The live rows are fed all the same.
      item.state === 'paused' ? 'rebuild paused' : item.state,
      item.position,
      item.lagEvents,
      Math.round(item.eventsPerSecond),
      item.generation,
      item.deadLetters,
      item.error,
    ]),
  )

const rowsOf = ({ rows }: Verification): string =>
  Object.entries(rows)
    .map(([name, { after }]) => `${name} ${after}`)
    .join(', ')

const againstOf = ({ method, sampledStreams }: Verification): string =>
  method === 'generations' ? 'the rows it replaces' : `the log (streams sampled: ${sampledStreams})`

const kindsOf: { readonly [method in Verification['method']]: { readonly [kind: string]: string } } = {
  generations: { missing: 'only among the rows it replaces', unexpected: 'only among the new rows' },
  refold: { missing: 'only in the log', unexpected: 'not in the log' },
}

/** One line that says whether it is equal, and a line for each difference. */
export const verificationView = (name: string, verification: Verification): string => {
  const { equal, method, position, differences, sampledStreams } = verification
  if (method === 'refold' && sampledStreams === 0)
    return printable(`${name}: no rows to compare at position ${position}`)
  const verdict = `${equal ? 'equal to' : 'NOT equal to'} ${againstOf(verification)}`
  const lines = differences.map(({ table: where, key, kind, columns = [] }) => {
    const how = kindsOf[method][kind] ?? `${kind} in ${columns.join(', ')}`
    return `  ${where} ${JSON.stringify(key)}: ${how}`
  })
  return [`${name}: ${verdict} at position ${position} (rows: ${rowsOf(verification) || 'none'})`, ...lines]
    .map(printable)
    .join('\n')
}

/** How much was replayed, and how fast that is going or how long all of it took. */
const extentOf = ({ state, processed, eventsPerSecond, startedAt, finishedAt }: Rebuild): string => {
  if (state === 'replaying') return `${processed} events at ${Math.round(eventsPerSecond)}/s`
  if (finishedAt === null) return `${processed} events`
  return `${processed} events in ${shortDuration((Date.parse(finishedAt) - Date.parse(startedAt)) / 1_000)}`
}

export const rebuildView = (rebuild: Rebuild): string => {
  const { projection, state, generation, error, keepUntil, verification } = rebuild
  const kept = keepUntil === null ? '' : `; the one before is kept until ${shortTime(keepUntil)}`
  const line = `${projection}: ${state}, ${extentOf(rebuild)}, generation ${generation}${kept}`
  const lines = [error === null ? line : `${line}: ${error}`].map(printable)
  return [...lines, ...(verification === null ? [] : [verificationView(projection, verification)])].join('\n')
}

export const dryRunView = (estimates: readonly DryRun[]): string =>
  table(
    ['projection', 'rows', 'size', 'events', 'takes'],
    estimates.map(({ projection, rows, bytes, estimatedEvents, estimatedSeconds }) => [
      projection,
      rows,
      shortBytes(bytes),
      estimatedEvents,
      `about ${shortDuration(estimatedSeconds)}`,
    ]),
  )

export const deadLetterList = ({ items }: Page<DeadLetter>): string =>
  table(
    ['position', 'stream', 'revision', 'event', 'at', 'held', 'asked', 'reason'],
    items.map(({ position, stream, revision, type, at, held, requested, reason }) => [
      position,
      stream,
      revision,
      type,
      shortTime(at),
      held,
      requested,
      reason,
    ]),
  )

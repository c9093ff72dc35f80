import type { JsonObject } from '../../domain/json.js'
import type { Activity, LoggedEvent, Page } from '../resources.js'
import { printable } from '../terminal/print.js'
import { shortJson, shortTime, table } from '../terminal/table.js'
import { createSubjects, restOf } from './eventSubject.js'

const dataCell = (data: JsonObject): string | null => (Object.keys(data).length === 0 ? null : shortJson(data))

export const eventList = ({ items }: Page<LoggedEvent>): string => {
  const subjectOf = createSubjects()
  return table(
    ['revision', 'time', 'event', 'of', 'by', 'data'],
    items.map((event) => {
      const { revision, occurredAt, type, actor, data } = event
      const subject = subjectOf(event)
      return [revision, shortTime(occurredAt), type, subject, actor.name, dataCell(restOf(data, subject))]
    }),
  )
}

/** Events of many streams. */
export const activityList = ({ items }: Page<Activity>): string =>
  table(
    ['time', 'event', 'stream', 'revision', 'by', 'correlation'],
    items.map(({ occurredAt, type, stream, revision, actor, correlationId }) => [
      shortTime(occurredAt),
      type,
      stream,
      revision,
      actor.name,
      correlationId,
    ]),
  )

/** The same as eventList for events that come one by one. */
export const createEventLines = (): ((event: LoggedEvent) => string) => {
  const subjectOf = createSubjects()
  return (event) => {
    const { revision, occurredAt, type, data } = event
    const subject = subjectOf(event)
    const start = `${String(revision).padStart(5)}  ${shortTime(occurredAt)}  ${type.padEnd(22)}`
    return printable(`${start}  ${(subject ?? '–').padEnd(16)}  ${dataCell(restOf(data, subject)) ?? ''}`.trimEnd())
  }
}

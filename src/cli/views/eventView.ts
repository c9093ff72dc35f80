import type { LoggedEvent, Page } from '../resources.js'
import { printable } from '../terminal/print.js'
import { shortJson, shortTime, table } from '../terminal/table.js'

export const eventList = ({ items }: Page<LoggedEvent>): string =>
  table(
    ['revision', 'time', 'event', 'by', 'data'],
    items.map(({ revision, occurredAt, type, actor, data }) => [
      revision,
      shortTime(occurredAt),
      type,
      actor.name,
      shortJson(data),
    ]),
  )

/** The same for one event, where they come one by one. */
export const eventLine = ({ revision, occurredAt, type, data }: LoggedEvent): string =>
  printable(`${String(revision).padStart(5)}  ${shortTime(occurredAt)}  ${type.padEnd(22)}  ${shortJson(data)}`)

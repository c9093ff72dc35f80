import { z } from 'zod'
import type { StoredEvent } from '../domain/events/recordedEvent.js'

/** A moment in the life of a stream: just after a revision, or a time by the log's clock (ISO 8601). */
export type Point = { readonly revision: number } | { readonly time: string }

/** With seconds or without. Unlike Date, it knows how many days a month has. */
const isoTime = z.union([z.iso.datetime({ offset: true }), z.iso.datetime({ offset: true, precision: -1 })])

/** `12` is a revision, `2026-03-01T12:00:00Z` a time; undefined for anything else. */
export const parsePoint = (text: string): Point | undefined => {
  if (/^\d{1,15}$/.test(text)) return { revision: Number(text) }
  return isoTime.safeParse(text).success ? { time: new Date(text).toISOString() } : undefined
}

/** Whether an event had happened at that moment. */
export const happenedBy = (event: Pick<StoredEvent, 'revision' | 'recordedAt'>, point: Point): boolean =>
  'revision' in point ? event.revision <= point.revision : Date.parse(event.recordedAt) <= Date.parse(point.time)

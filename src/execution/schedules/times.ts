import { Cron } from 'croner'
import { v5 as uuidv5 } from 'uuid'
import type { JsonObject } from '../../domain/json.js'

/** The times of a schedule's config. Computed in its time zone, daylight saving included. */
export const cronOf = ({ cron, timezone }: JsonObject): Cron =>
  new Cron(String(cron), { timezone: typeof timezone === 'string' ? timezone : 'UTC', paused: true })

/** The newest time of the schedule up to `now`, that included. */
export const newestUpTo = (config: JsonObject, now: Date): Date | undefined =>
  cronOf(config).previousRuns(1, new Date(now.getTime() + 1))[0]

/** The run of one time of one schedule: whichever process starts it, and however often, it is the same run. */
export const scheduledRunId = (workflowId: string, nodeId: string, time: Date): string =>
  uuidv5(`schedule:${nodeId}:${time.toISOString()}`, workflowId)

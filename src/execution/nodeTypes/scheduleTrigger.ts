import { Cron } from 'croner'
import { z } from 'zod'
import type { TriggerNodeType } from '../../domain/nodes/behaviour.js'

/** Why the schedule can't be, or undefined. */
const problemOf = (cron: string, timezone: string): string | undefined => {
  try {
    const schedule = new Cron(cron, { timezone, paused: true })
    return schedule.nextRun(new Date('2024-01-01T00:00:00Z')) === null ? 'It never fires.' : undefined
  } catch (error) {
    return error instanceof Error ? error.message : 'It is not a schedule.'
  }
}

const isTimeZone = (name: string): boolean => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

export const scheduleConfigSchema = z
  .strictObject({
    cron: z.string().min(1).max(100),
    timezone: z.string().max(64).refine(isTimeZone, 'It must be a time zone such as Europe/Berlin.').default('UTC'),
    overlap: z.enum(['skip', 'queue', 'allow']).default('skip'),
  })
  .superRefine(({ cron, timezone }, context) => {
    const problem = isTimeZone(timezone) ? problemOf(cron, timezone) : undefined
    if (problem !== undefined) context.addIssue({ code: 'custom', path: ['cron'], message: problem })
  })

/** Starts a run at the times that a cron expression (5 fields, or 6 with seconds first) names in a time zone. */
export const scheduleTrigger: TriggerNodeType = {
  type: 'trigger.schedule',
  kind: 'trigger',
  description: 'Starts runs by the clock.',
  configSchema: scheduleConfigSchema,
  ports: () => ['out'],
}

import type { EventData } from '../events/catalogue/index.js'

type NodeTimerKind = Exclude<EventData<'TimerScheduled'>['kind'], 'runTimeout'>

/** Timers are named by what they are for, so that scheduling one again is the same timer. */
export const timerId = (kind: NodeTimerKind, nodeId: string, attempt: number): string => `${kind}:${nodeId}:${attempt}`

export const runTimerId = 'runTimeout'

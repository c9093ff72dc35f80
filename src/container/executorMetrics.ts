import { Gauge, type Registry } from 'prom-client'
import type { Executor } from '../execution/createExecutor.js'

const help = {
  attempts: 'Attempts in flight in this process',
  slotsInUse: 'Places for attempts that are taken, of those that this process has',
  timers: 'Durable timers that this process waits for',
} as const

const names = {
  attempts: 'flowledger_executor_attempts',
  slotsInUse: 'flowledger_executor_slots_in_use',
  timers: 'flowledger_executor_timers',
} as const

/** Asks the executor whenever the metrics are read. */
export const registerExecutorMetrics = (registry: Registry, executor: Pick<Executor, 'status'>): void => {
  for (const key of ['attempts', 'slotsInUse', 'timers'] as const) {
    new Gauge({
      name: names[key],
      help: help[key],
      registers: [registry],
      collect() {
        this.set(executor.status()[key])
      },
    })
  }
}

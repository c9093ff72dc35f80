import type { Workload } from './workloads.js'

export interface Figure {
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** CPU of this process, in milliseconds a run. */
  readonly cpuMs: number
}

/** Carries out the workload's runs, `clients` at once, after a tenth of them to warm up. Counts completed runs. */
export const measure = async ({ clients, runs }: Workload, once: () => Promise<void>): Promise<Figure> => {
  const batch = async (count: number): Promise<number[]> => {
    const latencies: number[] = []
    let left = count
    const work = async () => {
      while (left > 0) {
        left -= 1
        const from = performance.now()
        await once()
        latencies.push(performance.now() - from)
      }
    }
    await Promise.all(Array.from({ length: clients }, work))
    return latencies.sort((a, b) => a - b)
  }
  await batch(Math.max(1, Math.round(runs / 10)))
  const cpu = process.cpuUsage()
  const from = performance.now()
  const latencies = await batch(runs)
  const seconds = (performance.now() - from) / 1000
  const { user, system } = process.cpuUsage(cpu)
  const at = (part: number) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * part))] ?? 0
  return { perSecond: runs / seconds, p50Ms: at(0.5), p99Ms: at(0.99), cpuMs: (user + system) / 1000 / runs }
}

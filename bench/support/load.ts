import { Pool } from 'undici'

export interface LoadResult {
  requests: number
  perSecond: number
  p50Ms: number
  p99Ms: number
}

export interface LoadRequest {
  method: 'GET' | 'POST'
  path: string
  headers?: Record<string, string>
  body?: string
}

const percentile = (sorted: Float64Array, part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0

/**
 * `clients` connections, one request at a time on each, `count` in all. Throws where an answer is not the expected status.
 * Latencies in milliseconds.
 */
export const load = async (
  url: string,
  options: { clients: number; count: number; status: number; request: (index: number) => LoadRequest },
): Promise<LoadResult> => {
  const pool = new Pool(url, { connections: options.clients, pipelining: 1 })
  const latencies = new Float64Array(options.count)
  let next = 0
  const work = async () => {
    for (let index = next++; index < options.count; index = next++) {
      const sent = performance.now()
      const { statusCode, body } = await pool.request(options.request(index))
      const text = await body.text()
      latencies[index] = performance.now() - sent
      if (statusCode !== options.status) throw new Error(`answered ${statusCode}: ${text.slice(0, 300)}`)
    }
  }
  const started = performance.now()
  await Promise.all(Array.from({ length: options.clients }, work))
  const seconds = (performance.now() - started) / 1000
  await pool.close()
  latencies.sort()
  return {
    requests: options.count,
    perSecond: options.count / seconds,
    p50Ms: percentile(latencies, 0.5),
    p99Ms: percentile(latencies, 0.99),
  }
}

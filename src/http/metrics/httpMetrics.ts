import { Histogram, type Registry } from 'prom-client'

export interface HttpMetrics {
  observe(method: string, route: string, status: number, seconds: number): void
}

/** `http_request_duration_seconds` by method, route template and status. */
export const createHttpMetrics = (registry: Registry): HttpMetrics => {
  const histogram = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the request to the end of its answer',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60],
    registers: [registry],
  })
  return {
    observe: (method, route, status, seconds) => histogram.observe({ method, route, status: String(status) }, seconds),
  }
}

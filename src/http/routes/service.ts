import { z } from 'zod'
import { defineRoute } from '../routing/route.js'

const check = z.object({ name: z.string(), ready: z.boolean(), detail: z.string().optional() })
const readiness = z.object({ ready: z.boolean(), checks: z.array(check) }).meta({ id: 'Readiness' })

const healthz = defineRoute({
  method: 'get',
  path: '/healthz',
  operationId: 'healthz',
  summary: 'Whether the process lives',
  tag: 'Service',
  scope: 'public',
  responses: { 200: { description: 'It lives', body: z.object({ status: z.literal('ok') }) } },
  handle: async () => ({ status: 200, body: { status: 'ok' as const } }),
})

const readyz = defineRoute({
  method: 'get',
  path: '/readyz',
  operationId: 'readyz',
  summary: 'Whether it can do its work',
  description: 'The stores answer and every projection is caught up.',
  tag: 'Service',
  scope: 'public',
  responses: {
    200: { description: 'It is ready', body: readiness },
    503: { description: 'It is not ready', body: readiness },
  },
  timeoutMs: 10_000,
  handle: async ({ readiness: checks }) => {
    const results = await checks()
    const ready = results.every((result) => result.ready)
    return { status: ready ? 200 : 503, body: { ready, checks: [...results] } }
  },
})

const metrics = defineRoute({
  method: 'get',
  path: '/metrics',
  operationId: 'metrics',
  summary: 'Prometheus metrics of this process',
  tag: 'Service',
  scope: 'anyKey',
  responses: {
    200: {
      description: 'Metrics',
      media: { 'text/plain; version=0.0.4; charset=utf-8': { description: 'Prometheus text' } },
    },
  },
  handle: async ({ registry }) => ({ status: 200, contentType: registry.contentType, text: await registry.metrics() }),
})

export const serviceRoutes = [healthz, readyz, metrics]

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { loadConfig, variables } from '../../../src/config.js'

interface Service {
  image?: string
  build?: string
  environment?: Record<string, string>
  ports?: string[]
  volumes?: string[]
  healthcheck?: { test: string[] }
  depends_on?: Record<string, { condition: string }>
}
const compose = parse(readFileSync(join(import.meta.dirname, '../../../docker-compose.yml'), 'utf8')) as {
  version?: string
  services: Record<string, Service>
  volumes: Record<string, unknown>
}
const { services } = compose
const app = services.flowledger!

describe('docker-compose.yml', () => {
  it('runs the real servers, at pinned versions', () => {
    expect(services.eventstore?.image).toBe('eventstore/eventstore:24.10')
    expect(services.postgres?.image).toBe('postgres:18')
    expect(services.mongo?.image).toBe('mongo:8.0')
    expect(app.build).toBe('.')
    expect(compose.version).toBeUndefined()
  })

  it('has a health check on every service, and the application waits for all stores', () => {
    for (const [name, { healthcheck }] of Object.entries(services)) expect(healthcheck?.test, name).toBeDefined()
    expect(app.depends_on).toEqual({
      eventstore: { condition: 'service_healthy' },
      postgres: { condition: 'service_healthy' },
      mongo: { condition: 'service_healthy' },
    })
  })

  it('publishes nothing but the API, on loopback', () => {
    const published = Object.entries(services).flatMap(([name, { ports = [] }]) =>
      ports.map((port) => `${name} ${port}`),
    )
    expect(published).toEqual(['flowledger 127.0.0.1:3000:3000'])
  })

  it('keeps the data of every store in a named volume', () => {
    for (const name of ['eventstore', 'postgres', 'mongo']) {
      const [volume = ''] = services[name]?.volumes?.[0]?.split(':') ?? []
      expect(Object.keys(compose.volumes), name).toContain(volume)
    }
    expect(services.postgres?.volumes?.[0]?.split(':')[1]).toBe('/var/lib/postgresql')
  })

  it('sets only variables that the configuration knows, to values that it takes', () => {
    const environment = app.environment ?? {}
    const known = Object.keys(variables)
    expect(Object.keys(environment).filter((name) => !known.includes(name))).toEqual([])
    const secrets = { API_KEY: 'k'.repeat(43), MASTER_KEY: Buffer.alloc(32).toString('base64') }
    const filled = Object.fromEntries(
      Object.entries({ ...environment, ...secrets }).map(([name, value]) => [
        name,
        value.replace(/\$\{[^}]+\}/g, 'pw'),
      ]),
    )
    expect(loadConfig(filled).EVENTSTORE_URL).toBe('esdb://eventstore:2113?tls=false')
  })
})

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { catalogue, type EventTypeName } from '../../../src/domain/events/catalogue/index.js'
import { decodeEvent, UndecodableEvent } from '../../../src/domain/events/decodeEvent.js'

/**
 * `events/<Type>.v<n>.json` holds data as the program wrote them at schema version n. These files stay for good and are
 * never edited: logs out there hold such events. A new version of a type adds a file.
 */
const golden = join(import.meta.dirname, '../../golden')
const read = (path: string): unknown[] => JSON.parse(readFileSync(join(golden, path), 'utf8'))
const files = readdirSync(join(golden, 'events')).map((file) => {
  const [type = '', version = ''] = file.split('.')
  return { file, type, version: Number(version.slice(1)) }
})
const [metadata] = read('metadata.json') as Record<string, unknown>[]

const stored = (type: string, data: unknown, more: object) => ({
  ...{ id: 'id', stream: 'stream', revision: 0, position: 1n, recordedAt: '2026-01-01T00:00:00.000Z', type, data },
  metadata: { ...metadata, ...more },
})
const samples = files.flatMap(({ type, version, file }) =>
  read(`events/${file}`).map((data, index) => ({ name: `${type} v${version} #${index + 1}`, type, version, data })),
)

describe('golden events', () => {
  it('are there for every version of every type, and for nothing else', () => {
    const expected = Object.entries(catalogue).flatMap(([type, { schemas }]) =>
      schemas.map((_, index) => `${type}.v${index + 1}.json`),
    )
    expect(files.map(({ file }) => file).sort()).toEqual(expected.sort())
  })

  it.each(samples)('$name can be read', ({ type, version, data }) => {
    const event = decodeEvent(stored(type, data, { schemaVersion: version }))
    expect(event.type).toBe(type)
    const isNewest = version === catalogue[type as EventTypeName].schemas.length
    // What is written today is read as it is: nothing is dropped, renamed or filled in.
    if (isNewest) expect(event.data).toEqual(data)
    else expect(catalogue[type as EventTypeName].current.safeParse(event.data).success).toBe(true)
  })

  it.each(samples)('$name with a member too many or too few is refused', ({ type, version, data }) => {
    const decode = (changed: unknown) => () => decodeEvent(stored(type, changed, { schemaVersion: version }))
    expect(decode({ ...(data as object), unheardOf: 1 })).toThrow(UndecodableEvent)
    expect(decode(null)).toThrow(UndecodableEvent)
  })

  it.each(read('metadata.json').map((each, index) => ({ index, each: each as object })))(
    'metadata #$index can be read',
    ({ each }) => {
      const event = decodeEvent({ ...stored('WorkflowArchived', {}, {}), metadata: each })
      expect(event.metadata).toEqual(each)
    },
  )

  it('do not hide what this program can not know', () => {
    expect(() => decodeEvent(stored('WorkflowTeleported', {}, {}))).toThrow('unknown type')
    expect(() => decodeEvent(stored('toString', {}, {}))).toThrow('unknown type')
    expect(() => decodeEvent(stored('WorkflowArchived', {}, { schemaVersion: 99 }))).toThrow('newer than known')
    expect(() => decodeEvent(stored('WorkflowArchived', {}, { schemaVersion: 0 }))).toThrow('metadata')
    expect(() => decodeEvent({ ...stored('WorkflowArchived', {}, {}), metadata: null })).toThrow(UndecodableEvent)
  })
})

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../../..')
const source = join(root, 'src')

/** Which rooms a room may import from. Itself is always allowed. */
const allowed: Record<string, readonly string[]> = {
  domain: [],
  eventlog: ['domain'],
  commands: ['eventlog', 'domain'],
  execution: ['commands', 'eventlog', 'domain'],
  projections: ['eventlog', 'domain'],
  audit: ['eventlog', 'domain'],
  http: ['commands', 'audit', 'projections', 'tracing', 'eventlog', 'domain'],
  tracing: ['domain'],
  embedded: [],
  examples: ['commands', 'domain'],
  cli: [
    ...['examples', 'commands', 'audit', 'projections', 'eventlog', 'domain'],
    // The embedded ones only in src/cli/eventstore.ts, as the third rule holds.
    'embedded',
    ...['config.ts', 'container.ts', 'start.ts', 'main.ts', 'logger.ts', 'version.ts'],
  ],
}
const pure = new Set(['zod', 'uuid', 'node:crypto', 'node:buffer'])

interface Import {
  file: string
  room: string
  target: string
}

const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => `src/${file}`)
const imports: Import[] = files.flatMap((file) =>
  [...readFileSync(join(root, file), 'utf8').matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(([, target = '']) => ({
    file,
    room: file.split('/')[1] ?? '',
    target: target.startsWith('.')
      ? relative(source, join(root, dirname(file), target)).replace(/\.js$/, '.ts')
      : target,
  })),
)
const isLocal = ({ target }: Import) => /^[\w-]+(\/|\.ts$)/.test(target) && files.some((f) => f === `src/${target}`)
const show = ({ file, target }: Import) => `${file} -> ${target}`

describe('the import rules', () => {
  it('sees the source', () => {
    expect(imports.length).toBeGreaterThan(100)
  })

  it.each(Object.entries(allowed))('%s imports only what it may', (room, rooms) => {
    const strangers = imports
      .filter((i) => i.room === room && isLocal(i))
      .filter(({ target }) => {
        const targetRoom = target.split('/')[0] ?? ''
        return targetRoom !== room && !rooms.includes(targetRoom)
      })
    expect(strangers.map(show)).toEqual([])
  })

  it('keeps third-party code, I/O, the clock and chance out of the domain', () => {
    const strangers = imports.filter((i) => i.room === 'domain' && !i.target.endsWith('.ts') && !pure.has(i.target))
    expect(strangers.map(show)).toEqual([])
    const impure = files
      .filter((file) => file.startsWith('src/domain/'))
      .filter((file) =>
        /Date\.now\(|new Date\(\)|Math\.random\(|process\./.test(readFileSync(join(root, file), 'utf8')),
      )
    expect(impure).toEqual([])
  })

  it('lets nobody but the composition root see inversify and the embedded stores', () => {
    const strangers = imports.filter(
      (i) =>
        (i.target === 'inversify' || i.target.startsWith('embedded/')) &&
        i.room !== 'embedded' &&
        !i.file.startsWith('src/container') &&
        i.file !== 'src/cli/eventstore.ts',
    )
    expect(strangers.map(show)).toEqual([])
  })

  it('keeps the embedded event store free of the rest of the program', () => {
    const strangers = imports.filter(
      (i) =>
        i.file.startsWith('src/embedded/eventstore/') && isLocal(i) && !i.target.startsWith('embedded/eventstore/'),
    )
    expect(strangers.map(show)).toEqual([])
  })
})

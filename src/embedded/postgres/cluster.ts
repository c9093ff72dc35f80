import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chown, mkdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { syncFolder } from '../dataDirectory/privateFile.js'
import { EmbeddedPostgresError } from './errors.js'
import { stopOrphan } from './orphan.js'
import type { Placement } from './placement.js'
import { ROLE, SERVER_ENVIRONMENT } from './settings.js'

const MAJOR_VERSION = '18'

/** Makes `<folder>/data` by initdb where it is missing. It appears by rename, so one that is there is complete. */
export const ensureCluster = async (
  installation: string,
  placement: Placement,
  log: (line: string) => void,
): Promise<void> => {
  const data = join(placement.folder, 'data')
  if (existsSync(data)) return await checkVersion(data)
  const fresh = join(placement.folder, 'data.new')
  await stopOrphan(fresh, log)
  await rm(fresh, { recursive: true, force: true })
  await mkdir(fresh, { mode: 0o700 })
  if (placement.account !== undefined) await chown(fresh, placement.account.uid, placement.account.gid)
  await initdb(installation, placement, fresh)
  await rename(fresh, data)
  await syncFolder(placement.folder)
}

const checkVersion = async (data: string): Promise<void> => {
  const version = (await readFile(join(data, 'PG_VERSION'), 'utf8')).trim()
  if (version === MAJOR_VERSION) return
  throw new EmbeddedPostgresError(
    'postgres_data_incompatible',
    `The data in ${data} is of PostgreSQL ${version}, this is ${MAJOR_VERSION}. Move it with pg_dump, or remove it to rebuild the read models.`,
  )
}

const initdb = async (installation: string, placement: Placement, folder: string): Promise<void> => {
  const child = spawn(
    join(installation, 'bin', 'initdb'),
    [
      '-D',
      placement.enter ? '/proc/self/cwd' : folder,
      `--username=${ROLE}`,
      // Nobody but this user passes the folder of the socket.
      '--auth=trust',
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--no-instructions',
    ],
    { ...placement.account, cwd: folder, env: SERVER_ENVIRONMENT, stdio: ['ignore', 'ignore', 'pipe'] },
  )
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-4_000)
  })
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  if (code === 0) return
  throw new EmbeddedPostgresError(
    'postgres_init_failed',
    `initdb failed in ${folder}: ${lastLine(complaint)}`,
    complaint,
  )
}

export const lastLine = (text: string): string => text.trim().split('\n').at(-1)?.trim() || 'it gave no reason'

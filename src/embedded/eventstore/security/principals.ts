import { createHash, timingSafeEqual } from 'node:crypto'
import type { ServerSettings } from '../options.js'
import { GrpcError, Status } from '../wire/status.js'

/** Who makes a call. */
export interface Principal {
  readonly name: string
  readonly groups: readonly string[]
}

export const ADMINS = '$admins'
export const OPERATORS = '$ops'

const ANONYMOUS: Principal = { name: '', groups: [] }
/** Without TLS there are no users, and everyone may do everything. */
const EVERYONE: Principal = { name: 'anonymous', groups: [ADMINS] }

/** Tells a caller by the `authorization` header of a call. */
export type Authenticate = (authorization: string | undefined) => Principal

export function createAuthenticate(settings: ServerSettings): Authenticate {
  if (!settings.tls) return () => EVERYONE
  const users = new Map<string, { password: Buffer; principal: Principal }>()
  const add = (name: string, password: string | undefined, group: string) => {
    if (password) users.set(name, { password: digest(password), principal: { name, groups: [group] } })
  }
  add('admin', settings.users?.admin, ADMINS)
  add('ops', settings.users?.ops, OPERATORS)

  return (authorization) => {
    if (!authorization) return ANONYMOUS
    const { name, password } = parseBasic(authorization)
    const user = users.get(name)
    // An unknown name takes as long as a wrong password.
    const matches = timingSafeEqual(digest(password), user?.password ?? digest(''))
    if (!user || !matches) throw new GrpcError(Status.unauthenticated, 'The user or the password is wrong.')
    return user.principal
  }
}

function parseBasic(authorization: string): { name: string; password: string } {
  const [scheme = '', encoded = ''] = authorization.split(' ')
  const text = scheme.toLowerCase() === 'basic' ? Buffer.from(encoded, 'base64').toString('utf8') : ''
  const colon = text.indexOf(':')
  return colon < 0 ? { name: '', password: '' } : { name: text.slice(0, colon), password: text.slice(colon + 1) }
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

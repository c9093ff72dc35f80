import type { LogStore } from '../log/logStore.js'
import { payloadOf } from '../log/record.js'
import { type Acl, parseAcls, type Role } from '../streams/streamMetadata.js'
import { isMetastream, isSystemStream, streamOfMetastream } from '../streams/streamState.js'
import { ADMINS, OPERATORS, type Principal } from './principals.js'

export type StreamAction = 'read' | 'write' | 'delete'

const ALL = '$all'
const EVERYONE = '$all'
const SETTINGS = '$settings'

/** Whether a caller may do something to a stream, by its `$acl`, the default ACLs in `$settings`, or EventStoreDB's own. */
export function isAllowed(store: LogStore, principal: Principal, action: StreamAction, stream: string): boolean {
  if (stream === ALL && action !== 'read') return false
  if (isMetastream(stream) && action === 'delete') return false
  if (principal.groups.includes(ADMINS)) return true
  const [subject, key] = isMetastream(stream)
    ? [streamOfMetastream(stream), action === 'read' ? ('metaRead' as const) : ('metaWrite' as const)]
    : [stream, action]
  return hasRole(principal, roleFor(store, subject, key))
}

/** Persistent subscriptions and scavenges are for administrators and operators. */
export function isOperator(principal: Principal): boolean {
  return principal.groups.includes(ADMINS) || principal.groups.includes(OPERATORS)
}

function roleFor(store: LogStore, stream: string, key: keyof Acl): Role {
  const own = store.state(stream).metadata.acl?.[key]
  if (own !== undefined) return own
  const defaults = defaultAcls(store)
  return isSystemStream(stream) ? (defaults.system?.[key] ?? ADMINS) : (defaults.user?.[key] ?? EVERYONE)
}

/** `$all` as a role means everyone who has said who they are. */
function hasRole(principal: Principal, role: Role): boolean {
  if (principal.name === '') return false
  const roles = typeof role === 'string' ? [role] : role
  return roles.some((one) => one === EVERYONE || one === principal.name || principal.groups.includes(one))
}

function defaultAcls(store: LogStore): { user: Acl | undefined; system: Acl | undefined } {
  const { id, last } = store.state(SETTINGS)
  const record = last < 0 ? undefined : store.recordOf(id, last)
  return record ? parseAcls(payloadOf(record).data) : { user: undefined, system: undefined }
}

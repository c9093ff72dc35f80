import { FlowledgerError } from '../../domain/errors.js'
import type { Authenticator } from '../dependencies.js'
import type { RequestContext } from '../routing/requestContext.js'
import type { Route } from '../routing/route.js'

/** The key as it was sent: X-API-Key, or a Bearer token. */
const sentKey = (context: RequestContext): string | undefined => {
  const key = context.header('x-api-key')
  if (key !== undefined) return key
  return /^Bearer +(\S+) *$/i.exec(context.header('authorization') ?? '')?.[1]
}

/**
 * 401 for a missing or wrong key, 403 for a missing scope, before anything about the resource is looked at: neither tells
 * whether it exists.
 */
export const authenticate = async (
  authenticator: Authenticator,
  route: Route,
  context: RequestContext,
): Promise<void> => {
  if (route.scope === 'public') return
  const key = sentKey(context)
  if (key === undefined)
    throw new FlowledgerError(
      'unauthenticated',
      'unauthenticated',
      'Send an API key: X-API-Key, or Authorization: Bearer.',
    )
  const known = authenticator.authenticate(key)
  const principal = known instanceof Promise ? await known : known
  if (principal === undefined)
    throw new FlowledgerError('unauthenticated', 'unauthenticated', 'The API key is not valid.')
  context.principal = principal
  if (route.scope !== 'anyKey' && !principal.scopes.has(route.scope))
    throw new FlowledgerError('forbidden', 'forbidden', `The API key lacks the scope ${route.scope}.`, [], {
      scope: route.scope,
    })
}

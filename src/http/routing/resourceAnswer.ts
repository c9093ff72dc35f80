import { entityTag, matchesNone } from '../headers/entityTag.js'
import type { RequestContext } from './requestContext.js'

export type ResourceAnswer<B> =
  | { readonly status: 304; readonly headers: { readonly ETag: string; readonly 'Cache-Control': string } }
  | {
      readonly status: 200
      readonly headers: { readonly ETag: string; readonly 'Cache-Control': string }
      readonly body: B
    }

/** A resource at a revision of its stream; 304 where the caller has that already (If-None-Match). */
export const resourceAnswer = <B>(context: RequestContext, revision: number, body: B): ResourceAnswer<B> => {
  const headers = { ETag: entityTag(revision), 'Cache-Control': 'private, no-cache' }
  return matchesNone(context.header('if-none-match'), headers.ETag)
    ? { status: 200, headers, body }
    : { status: 304, headers }
}

/** How every route declares 304. */
export const notModified = { description: 'The caller has it already', headers: ['ETag'] } as const

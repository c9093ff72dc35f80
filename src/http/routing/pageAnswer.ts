import type { Page } from '../../projections/queries/cursor.js'
import type { RequestContext } from './requestContext.js'

export interface PageAnswer<Item> {
  readonly status: 200
  readonly headers: { readonly Link: string | undefined }
  readonly body: { items: Item[]; nextCursor: string | null }
}

const nextTarget = (context: RequestContext, cursor: string): string => {
  const url = context.request.url ?? context.path
  const start = url.indexOf('?')
  const query = new URLSearchParams(start < 0 ? '' : url.slice(start + 1))
  query.set('cursor', cursor)
  return `${context.path}?${query}`
}

/** A page of a list with `Link: rel="next"` where there is more. */
export const pageAnswer = <Row, Item>(
  context: RequestContext,
  page: Page<Row>,
  viewOf: (row: Row) => Item,
): PageAnswer<Item> => ({
  status: 200,
  headers: { Link: page.nextCursor === null ? undefined : `<${nextTarget(context, page.nextCursor)}>; rel="next"` },
  body: { items: page.items.map(viewOf), nextCursor: page.nextCursor },
})

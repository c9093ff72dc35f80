import { z } from 'zod'
import { type CorrelationNode, correlationTree } from '../../../audit/correlationTree.js'
import { notFound } from '../../../domain/errors.js'
import type { Activity, ActivityQueries } from '../../../projections/queries/activity.js'
import { defineRoute } from '../../routing/route.js'
import { activityItem } from '../../schemas/event.js'
import { activityView } from '../../views/eventView.js'

type Item = z.input<typeof activityItem>
interface TreeView {
  id: string
  event: Item | null
  children: TreeView[]
}

const treeNode: z.ZodType<TreeView, TreeView> = z
  .object({
    id: z.string(),
    event: activityItem
      .nullable()
      .meta({ description: 'Null for the command or request that only its id is known of' }),
    get children() {
      return z.array(treeNode)
    },
  })
  .meta({ id: 'CorrelationNode' })

const mostEvents = 10_000
const pageSize = 200

/** The events of a correlation, oldest first; at most 10,000. */
const eventsOf = async (
  activity: ActivityQueries,
  correlationId: string,
): Promise<{ events: Activity[]; more: boolean }> => {
  const events: Activity[] = []
  let cursor: string | null = null
  do {
    const page = await activity.list({ correlationId, limit: pageSize, ...(cursor !== null && { cursor }) })
    events.push(...page.items)
    cursor = page.nextCursor
  } while (cursor !== null && events.length < mostEvents)
  return { events: events.reverse(), more: cursor !== null }
}

/** Deeper chains are cut: JSON that is nested without end can be neither written nor read. */
const deepest = 500

const viewOf = ({ id, event, children }: CorrelationNode<Activity>, depth = 1): TreeView => ({
  id,
  event: event === null ? null : activityView(event),
  children: depth < deepest ? children.map((child) => viewOf(child, depth + 1)) : [],
})

const sizeOf = (nodes: readonly TreeView[]): number =>
  nodes.reduce((size, { event, children }) => size + (event === null ? 0 : 1) + sizeOf(children), 0)

export const getCorrelation = defineRoute({
  method: 'get',
  path: '/v1/audit/correlations/{id}',
  operationId: 'getCorrelation',
  summary: 'What one request led to',
  description: "Its events as a tree by causation. A request's correlation id is its `X-Request-Id`.",
  tag: 'Audit',
  scope: 'audit:read',
  params: z.object({ id: z.string().min(1).max(200) }),
  reads: 'activity',
  responses: {
    200: {
      description: 'The tree',
      body: z.object({
        correlationId: z.string(),
        events: z.int(),
        truncated: z.boolean().meta({
          description: 'True where events are missing: the oldest beyond 10,000, or those beyond a depth of 500',
        }),
        roots: z.array(treeNode),
      }),
    },
  },
  problems: { 404: ['correlation_not_found'] },
  handle: async ({ reads }, { params }) => {
    const { events, more } = await eventsOf(reads.activity, params.id)
    if (events.length === 0) throw notFound('correlation_not_found', 'No event has this correlation id.')
    const roots = correlationTree(events).map((root) => viewOf(root))
    const truncated = more || sizeOf(roots) < events.length
    return { status: 200, body: { correlationId: params.id, events: events.length, truncated, roots } }
  },
})

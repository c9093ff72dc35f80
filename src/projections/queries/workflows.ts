import type { Edge, Settings, WorkflowNode } from '../../domain/definition.js'
import type { EdgeRow } from '../definitions/workflows/edgesTable.js'
import type { NodeRow } from '../definitions/workflows/nodesTable.js'
import type { WorkflowRow } from '../definitions/workflows/workflowsTable.js'
import { decodeCursor, isoTime, type Page, type PageOptions, toPage, uuidText } from './cursor.js'
import { createFilter, type ReadSchema, select, viewOf } from './select.js'

export type WorkflowStatus = WorkflowRow['status']

export interface WorkflowSummary {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly status: WorkflowStatus
  readonly latestVersion: number | null
  readonly publishedVersion: number | null
  readonly settings: Settings
  readonly revision: number
  readonly createdAt: string
  readonly updatedAt: string
}

export interface WorkflowDetail extends WorkflowSummary {
  readonly nodes: readonly WorkflowNode[]
  readonly edges: readonly Edge[]
}

export interface WorkflowFilter extends PageOptions {
  /** Left out: all that are not archived. */
  readonly status?: WorkflowStatus
  /** Part of the name, in any case. */
  readonly q?: string
}

/** A part of a workflow, with the revision of the workflow's stream. */
export interface AtRevision<T> {
  readonly revision: number
  readonly value: T
}

export interface WorkflowQueries {
  /** Newest first. */
  list(filter: WorkflowFilter): Promise<Page<WorkflowSummary>>
  /** With the draft, all of one moment. */
  find(id: string): Promise<WorkflowDetail | undefined>
  /** Undefined where the workflow does not exist. */
  nodes(workflowId: string): Promise<AtRevision<readonly WorkflowNode[]> | undefined>
  node(workflowId: string, nodeId: string): Promise<AtRevision<WorkflowNode> | undefined>
  edges(workflowId: string): Promise<AtRevision<readonly Edge[]> | undefined>
}

type Head = Pick<
  WorkflowRow,
  | 'id'
  | 'name'
  | 'description'
  | 'status'
  | 'latest_version'
  | 'published_version'
  | 'settings'
  | 'revision'
  | 'created_at'
  | 'updated_at'
>

const headColumns =
  'w.id, w.name, w.description, w.status, w.latest_version, w.published_version, w.settings, w.revision, w.created_at, w.updated_at'
const nodeJson = `json_build_object('id', n.id, 'key', n.key, 'type', n.type, 'config', n.config,
  'position_x', n.position_x, 'position_y', n.position_y, 'policy', n.policy)`
const edgeJson = `json_build_object('id', e.id, 'source_node_id', e.source_node_id, 'source_port', e.source_port,
  'target_node_id', e.target_node_id)`

const toSummary = (row: Head): WorkflowSummary => ({
  id: row.id,
  name: row.name,
  description: row.description,
  status: row.status,
  latestVersion: row.latest_version,
  publishedVersion: row.published_version,
  settings: row.settings,
  revision: row.revision,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
})

const toNode = (row: Omit<NodeRow, 'workflow_id' | 'ordinal'>): WorkflowNode => ({
  id: row.id,
  key: row.key,
  type: row.type,
  config: row.config,
  position: { x: row.position_x, y: row.position_y },
  policy: row.policy,
})

const toEdge = (row: Omit<EdgeRow, 'workflow_id' | 'ordinal'>): Edge => ({
  id: row.id,
  sourceNodeId: row.source_node_id,
  sourcePort: row.source_port,
  targetNodeId: row.target_node_id,
})

const asPattern = (q: string): string => `%${q.replaceAll('\0', '').replace(/[\\%_]/g, '\\$&')}%`

export const createWorkflowQueries = (read: ReadSchema): WorkflowQueries => {
  const workflows = viewOf(read, 'workflows')
  const nodesOf = `coalesce((SELECT json_agg(${nodeJson} ORDER BY n.ordinal, n.id) FROM ${viewOf(read, 'nodes')} n
    WHERE n.workflow_id = w.id), '[]') AS nodes`
  const edgesOf = `coalesce((SELECT json_agg(${edgeJson} ORDER BY e.ordinal, e.id) FROM ${viewOf(read, 'edges')} e
    WHERE e.workflow_id = w.id), '[]') AS edges`

  const one = async <Row>(id: string, columns: string): Promise<Row | undefined> =>
    (await select<Row>(read, `SELECT ${columns} FROM ${workflows} w WHERE w.id = $1`, [id]))[0]

  return {
    list: async ({ limit, cursor, status, q }) => {
      const after = decodeCursor(cursor, [isoTime, uuidText])
      const filter = createFilter()
      if (status === undefined || status !== 'archived') filter.add(() => 'NOT w.archived')
      if (status !== undefined) filter.add((p) => `w.status = ${p(status)}`)
      if (q !== undefined && q !== '') filter.add((p) => `w.name ILIKE ${p(asPattern(q))}`)
      if (after !== undefined)
        filter.add((p) => `(w.created_at, w.id) < (${p(after[0])}::timestamptz, ${p(after[1])}::uuid)`)
      const rows = await select<Head>(
        read,
        `SELECT ${headColumns} FROM ${workflows} w ${filter.where()}
         ORDER BY w.created_at DESC, w.id DESC LIMIT ${filter.parameter(limit + 1)}`,
        filter.values,
      )
      return toPage(rows, limit, toSummary, (row) => [row.created_at, row.id])
    },
    find: async (id) => {
      const row = await one<Head & { nodes: NodeRow[]; edges: EdgeRow[] }>(id, `${headColumns}, ${nodesOf}, ${edgesOf}`)
      return row && { ...toSummary(row), nodes: row.nodes.map(toNode), edges: row.edges.map(toEdge) }
    },
    nodes: async (workflowId) => {
      const row = await one<{ revision: number; nodes: NodeRow[] }>(workflowId, `w.revision, ${nodesOf}`)
      return row && { revision: row.revision, value: row.nodes.map(toNode) }
    },
    node: async (workflowId, nodeId) => {
      const [row] = await select<NodeRow & { revision: number }>(
        read,
        `SELECT w.revision, n.id, n.key, n.type, n.config, n.position_x, n.position_y, n.policy
         FROM ${viewOf(read, 'nodes')} n JOIN ${workflows} w ON w.id = n.workflow_id
         WHERE n.workflow_id = $1 AND n.id = $2`,
        [workflowId, nodeId],
      )
      return row && { revision: row.revision, value: toNode(row) }
    },
    edges: async (workflowId) => {
      const row = await one<{ revision: number; edges: EdgeRow[] }>(workflowId, `w.revision, ${edgesOf}`)
      return row && { revision: row.revision, value: row.edges.map(toEdge) }
    },
  }
}

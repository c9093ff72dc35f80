import { decodeEvent } from '../../../src/domain/events/decodeEvent.js'
import type { InMemoryLog } from '../../../src/eventlog/inMemory/inMemoryLog.js'
import { type ActivityRow, activityTable } from '../../../src/projections/definitions/activity.js'
import { type ApiKeyRow, apiKeysTable } from '../../../src/projections/definitions/apiKeys.js'
import { type ExecutionRow, executionsTable } from '../../../src/projections/definitions/executions/executionsTable.js'
import { type StepRow, stepsTable } from '../../../src/projections/definitions/executions/stepsTable.js'
import { type SecretRow, secretsTable } from '../../../src/projections/definitions/secrets.js'
import { type VersionRow, versionsTable } from '../../../src/projections/definitions/versions.js'
import { waitingSignalsTable } from '../../../src/projections/definitions/work/waitsTables.js'
import { type EdgeRow, edgesTable } from '../../../src/projections/definitions/workflows/edgesTable.js'
import { type NodeRow, nodesTable } from '../../../src/projections/definitions/workflows/nodesTable.js'
import { type WorkflowRow, workflowsTable } from '../../../src/projections/definitions/workflows/workflowsTable.js'
import { plainFold } from '../../../src/projections/fold/plainFold.js'
import type { Table } from '../../../src/projections/model/projection.js'
import { decodeCursor, toPage } from '../../../src/projections/queries/cursor.js'
import type { ReadModels } from '../../../src/projections/queries/readModels.js'
import { resolveExecution, toSummary } from '../../../src/projections/queries/resolveExecution.js'

const anyText = /^.+$/

/** Newest first by a text key, as the real lists are. */
const pageBy = <Row, Item>(
  rows: readonly Row[],
  keyOf: (row: Row) => string,
  { limit, cursor }: { limit: number; cursor?: string },
  toItem: (row: Row) => Item,
) => {
  const [after] = decodeCursor(cursor, [anyText]) ?? []
  const sorted = [...rows].sort((a, b) => (keyOf(a) < keyOf(b) ? 1 : -1))
  const rest = sorted.filter((row) => after === undefined || keyOf(row) < after)
  return toPage(rest.slice(0, limit + 1), limit, toItem, (row) => [keyOf(row)])
}

const node = (row: NodeRow) => {
  const { id, key, type, config, position_x: x, position_y: y, policy } = row
  return { id, key, type, config, position: { x, y }, policy }
}

const edge = (row: EdgeRow) => {
  const { id, source_node_id: sourceNodeId, source_port: sourcePort, target_node_id: targetNodeId } = row
  return { id, sourceNodeId, sourcePort, targetNodeId }
}

const workflow = (row: WorkflowRow) => ({
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

const version = (row: VersionRow) => ({
  id: row.id,
  workflowId: row.workflow_id,
  number: row.version_number,
  label: row.label,
  contentHash: row.content_hash,
  published: row.published,
  findings: row.findings,
  createdAt: row.created_at,
  createdBy: row.created_by,
})

const positionKey = ({ position }: ActivityRow): string => String(position).padStart(20, '0')

/** The read models as plain folds over a log in memory: the rows of the real definitions, without a database. */
export const memoryReadModels = (log: InMemoryLog): Omit<ReadModels, 'openWork'> => {
  const fold = <R>(table: Table<R>): R[] => plainFold(table as Table, log.events.map(decodeEvent)) as R[]
  const nodesOf = (id: string) =>
    fold(nodesTable)
      .filter(({ workflow_id }) => workflow_id === id)
      .map(node)
  const edgesOf = (id: string) =>
    fold(edgesTable)
      .filter(({ workflow_id }) => workflow_id === id)
      .map(edge)
  const at = <T>(id: string, value: T | undefined): { revision: number; value: T } | undefined => {
    const row = workflowOf(id)
    return row === undefined || value === undefined ? undefined : { revision: row.revision, value }
  }
  const workflowOf = (id: string) => fold(workflowsTable).find((row) => row.id === id)
  const versionOf = (matches: (row: VersionRow) => boolean) => {
    const row = fold(versionsTable).find(matches)
    return row && { ...version(row), snapshot: row.snapshot ?? { nodes: [], edges: [], settings: {} } }
  }
  return {
    workflows: {
      list: async ({ status, q = '', ...page }) => {
        const rows = fold(workflowsTable).filter(
          (row) => (status === undefined ? row.status !== 'archived' : row.status === status) && row.name.includes(q),
        )
        return pageBy(rows, (row) => `${row.created_at} ${row.id}`, page, workflow)
      },
      find: async (id) => {
        const row = workflowOf(id)
        return row && { ...workflow(row), nodes: nodesOf(id), edges: edgesOf(id) }
      },
      nodes: async (id) => at(id, nodesOf(id)),
      node: async (id, nodeId) =>
        at(
          id,
          nodesOf(id).find((found) => found.id === nodeId),
        ),
      edges: async (id) => at(id, edgesOf(id)),
    },
    versions: {
      list: async (id, page) => {
        const rows = fold(versionsTable).filter(({ workflow_id }) => workflow_id === id)
        return pageBy(rows, (row) => String(row.version_number).padStart(10, '0'), page, version)
      },
      byNumber: async (id, number) => versionOf((row) => row.workflow_id === id && row.version_number === number),
      byId: async (id) => versionOf((row) => row.id === id),
    },
    secrets: {
      list: async (id) =>
        fold(secretsTable)
          .filter(({ workflow_id }) => workflow_id === id)
          .map((row: SecretRow) => ({
            id: row.id,
            key: row.key,
            version: row.version,
            createdAt: row.created_at,
            rotatedAt: row.updated_at,
            usedBy: [],
          })),
    },
    executions: {
      list: async ({ workflowId, status, startedAfter: _after, startedBefore: _before, waitingFor, ...page }) => {
        const waiting = fold(waitingSignalsTable).filter(({ name }) => name === waitingFor)
        const rows = fold(executionsTable).filter(
          (row: ExecutionRow) =>
            (workflowId === undefined || row.workflow_id === workflowId) &&
            (status === undefined || row.status === status) &&
            (waitingFor === undefined || waiting.some(({ execution_id }) => execution_id === row.id)),
        )
        return pageBy(rows, (row) => `${row.started_at} ${row.id}`, page, toSummary)
      },
      find: async (id) => {
        const row = fold(executionsTable).find((found) => found.id === id)
        const steps = fold(stepsTable).filter((step: StepRow) => step.execution_id === id)
        return row && resolveExecution(row, steps)
      },
    },
    activity: {
      list: async ({ stream, type, actor, correlationId, from: _from, to: _to, ...page }) => {
        const rows = fold(activityTable).filter(
          (row) =>
            (stream === undefined || row.stream === stream) &&
            (type === undefined || row.type === type) &&
            (actor === undefined || row.actor_id === actor) &&
            (correlationId === undefined || row.correlation_id === correlationId),
        )
        return pageBy(rows, positionKey, page, (row) => ({
          id: row.event_id,
          type: row.type,
          stream: row.stream,
          revision: row.revision,
          position: row.position,
          occurredAt: row.occurred_at,
          actor: { kind: row.actor_kind, id: row.actor_id, name: row.actor_name },
          correlationId: row.correlation_id,
          causationId: row.causation_id,
        }))
      },
    },
    apiKeys: {
      list: async (page) =>
        pageBy(
          fold(apiKeysTable),
          (row: ApiKeyRow) => `${row.created_at} ${row.id}`,
          page,
          (row) => ({
            id: row.id,
            name: row.name,
            scopes: row.scopes,
            createdAt: row.created_at,
            createdBy: row.created_by,
            expiresAt: row.expires_at,
            revokedAt: row.revoked_at,
          }),
        ),
      find: async () => undefined,
    },
  }
}

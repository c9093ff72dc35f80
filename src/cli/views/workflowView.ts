import type { VersionDetail, VersionSummary } from '../../projections/queries/versions.js'
import type { WorkflowDetail, WorkflowSummary } from '../../projections/queries/workflows.js'
import type { Page } from '../resources.js'
import { blocks, fields, shortJson, shortTime, table } from '../terminal/table.js'
import { findingsView } from './findingsView.js'

export const workflowList = ({ items }: Page<WorkflowSummary>): string =>
  table(
    ['id', 'name', 'status', 'latest', 'published', 'updated'],
    items.map((item) => [
      item.id,
      item.name,
      item.status,
      item.latestVersion,
      item.publishedVersion,
      shortTime(item.updatedAt),
    ]),
  )

/** One line: what a change led to. */
export const workflowLine = ({ id, name, status, revision, publishedVersion }: WorkflowSummary): string =>
  table(['id', 'name', 'status', 'published', 'revision'], [[id, name, status, publishedVersion, revision]])

export const workflowDetail = (workflow: WorkflowDetail): string => {
  const keyOf = new Map(workflow.nodes.map(({ id, key }) => [id, key]))
  return blocks(
    fields([
      ['id', workflow.id],
      ['name', workflow.name],
      ['description', workflow.description || null],
      ['status', workflow.status],
      ['latest version', workflow.latestVersion],
      ['published version', workflow.publishedVersion],
      ['revision', workflow.revision],
      ['created', shortTime(workflow.createdAt)],
      ['updated', shortTime(workflow.updatedAt)],
      ['settings', shortJson(workflow.settings)],
    ]),
    table(
      ['node', 'type', 'config', 'id'],
      workflow.nodes.map(({ id, key, type, config }) => [key, type, shortJson(config, 60), id]),
      'no nodes',
    ),
    table(
      ['from', 'port', 'to'],
      workflow.edges.map((edge) => [
        keyOf.get(edge.sourceNodeId) ?? edge.sourceNodeId,
        edge.sourcePort,
        keyOf.get(edge.targetNodeId) ?? edge.targetNodeId,
      ]),
      'no edges',
    ),
  )
}

/** A version that was saved just now, with what keeps it from being published and what is suspicious about it. */
export const savedVersion = (version: VersionDetail): string =>
  blocks(
    versionList({ items: [version], nextCursor: null }),
    version.findings.length > 0 ? findingsView(version.findings, version.snapshot) : undefined,
  )

export const versionList = ({ items }: Page<VersionSummary>): string =>
  table(
    ['version', 'label', 'published', 'created', 'by', 'content'],
    items.map(({ number, label, published, createdAt, createdBy, contentHash }) => [
      number,
      label,
      published ? 'yes' : '',
      shortTime(createdAt),
      createdBy.name,
      contentHash.slice(0, 16),
    ]),
  )

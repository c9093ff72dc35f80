import { contentHash } from '../contentHash.js'
import type { Definition, PinnedSubworkflow } from '../definition.js'
import { FlowledgerError, type InputError, notFound } from '../errors.js'
import type { WorkflowEvent } from '../events/catalogue/index.js'
import type { Finding } from '../findings.js'
import { definitionEdits } from './definitionEdits.js'
import { editable } from './lifecycle.js'
import { draftOf, type SavedVersion, type WorkflowState } from './state.js'

/** What a decision needs of a version that was saved earlier. */
export type VersionContent = Pick<SavedVersion, 'versionId' | 'number' | 'contentHash'> & {
  readonly definition: Definition
}

/** Findings that are recorded with a version; a broken graph of the largest size would have too many for an event. */
const maxRecordedFindings = 200

/** Saves the draft as the next version, with what validation says of it. Nothing where the draft means the same as the last one. */
export const decideSaveVersion = (
  state: WorkflowState,
  { versionId, label }: { readonly versionId: string; readonly label: string | null },
  validate: (definition: Definition) => readonly Finding[],
): WorkflowEvent[] => {
  const workflow = editable(state)
  const snapshot = draftOf(workflow)
  const hash = contentHash(snapshot)
  const { latestVersion, name, description, publishedVersion, publishedSubworkflows, createdAt } = workflow
  if (latestVersion?.contentHash === hash) return []
  const data = {
    versionId,
    number: (latestVersion?.number ?? 0) + 1,
    label,
    snapshot,
    contentHash: hash,
    findings: validate(snapshot).slice(0, maxRecordedFindings),
    name,
    description,
    publishedVersion,
    ...(publishedSubworkflows.length === 0 ? undefined : { publishedSubworkflows: [...publishedSubworkflows] }),
    createdAt,
  }
  return [{ type: 'VersionSaved', data }]
}

const found = (version: VersionContent | undefined): VersionContent => {
  if (!version) throw notFound('version_not_found', 'The workflow has no such version.')
  return version
}

const toInputError = ({ pointer = '', code, detail, nodeId, edgeId }: Finding): InputError => ({
  pointer,
  code,
  detail,
  ...(nodeId === undefined ? undefined : { nodeId }),
  ...(edgeId === undefined ? undefined : { edgeId }),
})

/**
 * Throws `version_invalid` with all errors at once; their pointers point into the version's definition. `subworkflows`: the
 * versions that its nodes start which name none, from now on whatever is published there later.
 */
export const decidePublish = (
  state: WorkflowState,
  version: VersionContent | undefined,
  validate: (definition: Definition) => readonly Finding[],
  subworkflows: readonly PinnedSubworkflow[] = [],
): WorkflowEvent[] => {
  const workflow = editable(state)
  const { versionId, number, contentHash: hash, definition } = found(version)
  if (workflow.publishedVersion === number) return []
  const errors = validate(definition).filter(({ severity }) => severity === 'error')
  if (errors.length > 0) {
    const detail = `Version ${number} has ${errors.length} ${errors.length === 1 ? 'error' : 'errors'}.`
    throw new FlowledgerError('invalid', 'version_invalid', detail, errors.map(toInputError))
  }
  const pins = subworkflows.length === 0 ? undefined : { subworkflows: [...subworkflows] }
  return [{ type: 'VersionPublished', data: { versionId, number, contentHash: hash, ...pins } }]
}

export const decideUnpublish = (state: WorkflowState): WorkflowEvent[] => {
  const { publishedVersion } = editable(state)
  return publishedVersion === null ? [] : [{ type: 'WorkflowUnpublished', data: { number: publishedVersion } }]
}

/** The draft becomes that version: what is done, then the edits that do it. Nothing where the draft is so already. */
export const decideRestoreVersion = (state: WorkflowState, version: VersionContent | undefined): WorkflowEvent[] => {
  const workflow = editable(state)
  const { number, contentHash: hash, definition } = found(version)
  const edits = definitionEdits(workflow, {
    nodes: new Map(definition.nodes.map((node) => [node.id, node])),
    edges: new Map(definition.edges.map((edge) => [edge.id, edge])),
    settings: definition.settings,
  })
  return edits.length === 0 ? [] : [{ type: 'DraftRestored', data: { number, contentHash: hash } }, ...edits]
}

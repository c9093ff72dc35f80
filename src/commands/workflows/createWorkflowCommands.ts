import { v5 as uuidv5 } from 'uuid'
import type { Definition } from '../../domain/definition.js'
import { conflict } from '../../domain/errors.js'
import type { WorkflowEvent } from '../../domain/events/catalogue/index.js'
import type { ExpressionEngine } from '../../domain/expressions/expressionEngine.js'
import type { Finding } from '../../domain/findings.js'
import { validateDefinition } from '../../domain/graph/validateDefinition.js'
import type { NodeTypes } from '../../domain/nodes/nodeType.js'
import { workflowAggregate } from '../../domain/workflow/aggregate.js'
import { gatherEdits } from '../../domain/workflow/gatherEdits.js'
import { decideCreate, decideImport } from '../../domain/workflow/importDefinition.js'
import {
  decideArchive,
  decideChange,
  decideEdits,
  decideRestore,
  existing,
  findNode,
} from '../../domain/workflow/lifecycle.js'
import type { ReadyEdit } from '../../domain/workflow/readyEdit.js'
import { draftOf, type WorkflowState } from '../../domain/workflow/state.js'
import {
  decidePublish,
  decideRestoreVersion,
  decideSaveVersion,
  decideUnpublish,
} from '../../domain/workflow/versions.js'
import type { CommandContext, CommandHandler, CommandOutcome, HandleOptions } from '../commandHandler.js'
import { fitsOneAppend } from '../handling/prepareAppend.js'
import type { IdSource } from '../ports.js'
import { createSubworkflowFinder, createSubworkflowPinner } from './knownSubworkflows.js'
import { nodeEdits, readyDefinition, readyEdit, workflowEdits } from './readyEdits.js'
import type { VersionSource } from './versionSource.js'
import type { WorkflowCommands, WorkflowOutcome } from './workflowCommands.js'

export interface WorkflowCommandDependencies {
  readonly handler: CommandHandler
  readonly versions: VersionSource
  readonly ids: IdSource
  readonly nodeTypes: NodeTypes
  readonly engine: ExpressionEngine
  /** Names of the secrets that are set for a workflow. */
  readonly secretNames: (workflowId: string) => Promise<ReadonlySet<string>>
}

type Decide = (state: WorkflowState, revision: number) => readonly WorkflowEvent[]

/** The draft changed after what its validation needs was read. */
class DraftMoved extends Error {}

const saveAttempts = 5

const toOutcome = ({ state, ...rest }: CommandOutcome<WorkflowState, WorkflowEvent>): WorkflowOutcome => ({
  workflow: existing(state),
  revision: rest.revision,
  position: rest.position,
  events: rest.events,
  replayed: rest.replayed,
})

/** What a command promised to have made; it is there, or the command would have been refused. */
const made = <T>(value: T | undefined | null): T => {
  if (value === undefined || value === null) throw new Error('the command did not make what it answers with')
  return value
}

export const createWorkflowCommands = ({
  handler,
  versions,
  ids,
  nodeTypes,
  engine,
  secretNames,
}: WorkflowCommandDependencies): WorkflowCommands => {
  const findSubworkflows = createSubworkflowFinder({ handler, versions, nodeTypes })
  const pinSubworkflows = createSubworkflowPinner({ handler, nodeTypes })

  const handle = async (
    context: CommandContext,
    workflowId: string,
    decide: Decide,
    options?: HandleOptions,
  ): Promise<WorkflowOutcome> => {
    const fitting: Decide = (state, revision) => {
      const events = decide(state, revision)
      return events.length < 2 || fitsOneAppend(events, context) ? events : gatherEdits(state, events)
    }
    return toOutcome(await handler.handle(workflowAggregate, workflowId, context, fitting, options))
  }

  const change = (context: CommandContext, workflowId: string, edits: readonly ReadyEdit[]): Promise<WorkflowOutcome> =>
    handle(context, workflowId, (state) => decideChange(state, edits))

  /** Reads all that the validation of a definition needs, and gives it back as a pure function. */
  const validator = async (workflowId: string, definition: Definition): Promise<(d: Definition) => Finding[]> => {
    const [names, subworkflows] = await Promise.all([secretNames(workflowId), findSubworkflows(definition)])
    return (judged) => validateDefinition(judged, { nodeTypes, engine, secretNames: names, subworkflows, workflowId })
  }

  const trySaving = async (
    context: CommandContext,
    workflowId: string,
    label: string | null,
    maxAgeMs: number,
  ): Promise<WorkflowOutcome> => {
    const loaded = await handler.load(workflowAggregate, workflowId, { maxAgeMs })
    const validate = await validator(workflowId, draftOf(existing(loaded.state)))
    const versionId = ids.next()
    return handle(context, workflowId, (state, revision) => {
      if (revision !== loaded.revision) throw new DraftMoved()
      return decideSaveVersion(state, { versionId, label }, validate)
    })
  }

  const saveDraft = async (
    context: CommandContext,
    workflowId: string,
    label: string | null,
  ): Promise<WorkflowOutcome> => {
    let maxAgeMs = Number.POSITIVE_INFINITY
    for (let attempt = 1; attempt <= saveAttempts; attempt += 1) {
      try {
        return await trySaving(context, workflowId, label, maxAgeMs)
      } catch (error) {
        if (!(error instanceof DraftMoved)) throw error
        maxAgeMs = 0
      }
    }
    throw conflict('concurrent_change', 'Others keep changing the draft; try again.')
  }

  return {
    create: async (context, { name, description = '', nodes = [], edges = [], settings = {} }) => {
      const workflowId = context.requestHash === undefined ? ids.next() : uuidv5('workflow', context.commandId)
      const definition = readyDefinition({ nodes: [...nodes], edges: [...edges], settings }, ids)
      const workflow = { workflowId, name, description, settings }
      return handle(context, workflowId, (state) => decideCreate(state, workflow, definition), { expectNew: true })
    },
    change: (context, workflowId, input) => change(context, workflowId, workflowEdits(input)),
    archive: (context, workflowId) => handle(context, workflowId, decideArchive),
    restore: (context, workflowId) => handle(context, workflowId, decideRestore),
    addNode: async (context, workflowId, input) => {
      const outcome = await change(context, workflowId, [readyEdit({ op: 'addNode', ...input }, ids)])
      const added = outcome.events.find((event) => event.type === 'NodeAdded')
      return { ...outcome, node: made(added?.data.node) }
    },
    changeNode: async (context, workflowId, nodeId, input) => {
      const outcome = await handle(context, workflowId, (state) =>
        decideChange(state, nodeEdits(findNode(existing(state), nodeId).id, input)),
      )
      const { nodes } = outcome.workflow
      return { ...outcome, node: findNode(outcome.workflow, nodes.has(nodeId) ? nodeId : (input.key ?? nodeId)) }
    },
    removeNode: (context, workflowId, nodeId) => change(context, workflowId, [{ op: 'removeNode', nodeId }]),
    addEdge: async (context, workflowId, input) => {
      const outcome = await change(context, workflowId, [readyEdit({ op: 'addEdge', ...input }, ids)])
      const added = outcome.events.find((event) => event.type === 'EdgeAdded')
      return { ...outcome, edge: made(added?.data.edge) }
    },
    removeEdge: (context, workflowId, edgeId) => change(context, workflowId, [{ op: 'removeEdge', edgeId }]),
    edit: (context, workflowId, edits) => {
      const ready = edits.map((edit) => readyEdit(edit, ids))
      return handle(context, workflowId, (state) => decideEdits(state, ready))
    },
    importDefinition: (context, workflowId, definition) => {
      const ready = readyDefinition(definition, ids)
      return handle(context, workflowId, (state) => decideImport(state, ready))
    },
    saveVersion: async (context, workflowId, { label = null }) => {
      const outcome = await saveDraft(context, workflowId, label)
      return { ...outcome, version: made(outcome.workflow.latestVersion), created: outcome.events.length > 0 }
    },
    publish: async (context, workflowId, number) => {
      const version = await versions.loadVersion(workflowId, number)
      const validate = version ? await validator(workflowId, version.definition) : () => []
      const pins = version ? await pinSubworkflows(version.definition) : []
      return handle(context, workflowId, (state) => decidePublish(state, version, validate, pins))
    },
    unpublish: (context, workflowId) => handle(context, workflowId, decideUnpublish),
    restoreVersion: async (context, workflowId, number) => {
      const version = await versions.loadVersion(workflowId, number)
      return handle(context, workflowId, (state) => decideRestoreVersion(state, version))
    },
    load: async (workflowId, options) => {
      const { state, revision } = await handler.load(workflowAggregate, workflowId, options)
      return state ? { workflow: state, revision } : undefined
    },
    validate: async (workflowId) => {
      const { state } = await handler.load(workflowAggregate, workflowId)
      const draft = draftOf(existing(state))
      return (await validator(workflowId, draft))(draft)
    },
  }
}

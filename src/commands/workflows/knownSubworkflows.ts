import type { Definition, PinnedSubworkflow } from '../../domain/definition.js'
import type { KnownSubworkflow, SubworkflowReference } from '../../domain/graph/validateDefinition.js'
import type { NodeTypes } from '../../domain/nodes/nodeType.js'
import { workflowAggregate } from '../../domain/workflow/aggregate.js'
import type { CommandHandler } from '../commandHandler.js'
import type { VersionSource } from './versionSource.js'

export type FindSubworkflow = (reference: SubworkflowReference) => KnownSubworkflow | undefined

/** A family of workflows that start each other is not followed further than this many versions. */
const maxVersions = 500

const keyOf = ({ workflowId, version }: SubworkflowReference): string => `${workflowId}@${version ?? 'published'}`

const referencesOf = ({ nodes }: Definition, nodeTypes: NodeTypes): SubworkflowReference[] =>
  nodes.flatMap(({ type, config }) => {
    const nodeType = nodeTypes.get(type)
    if (!nodeType?.subworkflow || !nodeType.configSchema.safeParse(config).success) return []
    const reference = nodeType.subworkflow(config)
    return reference ? [reference] : []
  })

/** Reads what validation must know of the workflows that a definition starts, directly and through others. */
export const createSubworkflowFinder = ({
  handler,
  versions,
  nodeTypes,
}: {
  readonly handler: CommandHandler
  readonly versions: VersionSource
  readonly nodeTypes: NodeTypes
}) => {
  const definitionOf = async ({ workflowId, version }: SubworkflowReference): Promise<Definition | undefined> => {
    const { state } = await handler.load(workflowAggregate, workflowId, { maxAgeMs: 1_000 })
    const number = version ?? state?.publishedVersion
    if (!state || state.archived || number === undefined || number === null) return undefined
    return (await versions.loadVersion(workflowId, number))?.definition
  }

  return async (definition: Definition): Promise<FindSubworkflow> => {
    const children = new Map<string, readonly SubworkflowReference[]>()
    const open = referencesOf(definition, nodeTypes)
    for (let next = open.shift(); next && children.size < maxVersions; next = open.shift()) {
      const key = keyOf(next)
      if (children.has(key)) continue
      const found = await definitionOf(next)
      if (!found) continue
      const references = referencesOf(found, nodeTypes)
      children.set(key, references)
      open.push(...references)
    }
    return (reference) => {
      if (!children.has(keyOf(reference))) return undefined
      const starts = new Set<string>()
      const seen = new Set<string>()
      const path = [reference]
      for (let next = path.pop(); next; next = path.pop()) {
        const key = keyOf(next)
        if (seen.has(key)) continue
        seen.add(key)
        for (const child of children.get(key) ?? []) {
          starts.add(child.workflowId)
          path.push(child)
        }
      }
      return { starts }
    }
  }
}

/** The versions that are published now, of the workflows that nodes of the definition start without naming a version. */
export const createSubworkflowPinner =
  ({ handler, nodeTypes }: { readonly handler: CommandHandler; readonly nodeTypes: NodeTypes }) =>
  async (definition: Definition): Promise<PinnedSubworkflow[]> => {
    const unnamed = referencesOf(definition, nodeTypes).filter(({ version }) => version === undefined)
    const pins: PinnedSubworkflow[] = []
    for (const workflowId of new Set(unnamed.map((reference) => reference.workflowId))) {
      const { state } = await handler.load(workflowAggregate, workflowId)
      if (state?.publishedVersion) pins.push({ workflowId, version: state.publishedVersion })
    }
    return pins
  }

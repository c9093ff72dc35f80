import type { PinnedVersion } from '../../domain/definitionSource.js'
import { type PlanDependencies, planRun, type RunPlan } from '../../domain/execution/runPlan.js'
import type { Finding } from '../../domain/findings.js'

/** A saved version, with what validation said of it. */
export type StartableVersion = PinnedVersion & { readonly findings?: readonly Finding[] }

/** A saved version with its plan. */
export interface RunnableVersion {
  readonly pinned: StartableVersion
  readonly plan: RunPlan
}

/** Plans of saved versions, each made once as long as its version is kept in memory. */
export interface RunPlans {
  /** Undefined where the workflow or the version does not exist. */
  load(workflowId: string, version: number): Promise<RunnableVersion | undefined>
  /** The plan of a version that a run is pinned to, so it must exist. */
  pinned(workflowId: string, version: number): Promise<RunnableVersion>
}

export interface PlanSource {
  loadVersion(workflowId: string, version: number): Promise<StartableVersion | undefined>
}

export const createRunPlans = (dependencies: { readonly versions: PlanSource } & PlanDependencies): RunPlans => {
  const known = new WeakMap<PinnedVersion, RunnableVersion>()

  const load = async (workflowId: string, version: number): Promise<RunnableVersion | undefined> => {
    const pinned = await dependencies.versions.loadVersion(workflowId, version)
    if (pinned === undefined) return undefined
    const planned = known.get(pinned) ?? { pinned, plan: planRun(pinned.definition, dependencies) }
    known.set(pinned, planned)
    return planned
  }

  return {
    load,
    pinned: async (workflowId, version) => {
      const planned = await load(workflowId, version)
      if (planned === undefined) throw new Error(`version ${version} of workflow ${workflowId} is not in the log`)
      return planned
    },
  }
}

import type { Definition } from './definition.js'

/** A saved version with its definition. Versions never change, so they can be kept in memory for ever. */
export interface PinnedVersion {
  readonly workflowId: string
  readonly number: number
  readonly versionId: string
  readonly contentHash: string
  readonly definition: Definition
}

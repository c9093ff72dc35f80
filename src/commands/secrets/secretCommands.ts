import type { SecretMetadata } from '../../domain/secrets/state.js'
import type { CommandContext } from '../commandHandler.js'

export interface SecretOutcome {
  /** Undefined after a deletion. */
  readonly secret: SecretMetadata | undefined
  /** Revision of the stream of the workflow's secrets. */
  readonly revision: number
  readonly position: bigint | undefined
  readonly replayed: boolean
}

/**
 * Secrets of a workflow. Values go in and never come out here. Refusals: `workflow_not_found`, `secret_not_found` (404),
 * `invalid_secret_key` (422), `secret_too_large` (413), `keyring_unavailable` (503).
 */
export interface SecretCommands {
  /** Setting a value again, even the same one, makes a new version. */
  set(context: CommandContext, workflowId: string, key: string, value: string): Promise<SecretOutcome>
  delete(context: CommandContext, workflowId: string, key: string): Promise<SecretOutcome>
  /** By key, without values. */
  list(workflowId: string): Promise<readonly SecretMetadata[]>
  /** Names of the secrets that are set. */
  names(workflowId: string): Promise<ReadonlySet<string>>
  /** Destroys the workflow's data key: no copy of its secrets, anywhere, can be read any more. Deletes them too. */
  shred(context: CommandContext, workflowId: string): Promise<SecretOutcome>
}

import type { SecretEvent } from '../../domain/events/catalogue/index.js'
import { secretsAggregate } from '../../domain/secrets/aggregate.js'
import {
  checkSecret,
  decideDeleteAllSecrets,
  decideDeleteSecret,
  decideSetSecret,
} from '../../domain/secrets/decisions.js'
import type { SecretMetadata, SecretsState, StoredSecret } from '../../domain/secrets/state.js'
import { workflowAggregate } from '../../domain/workflow/aggregate.js'
import { editable, existing } from '../../domain/workflow/lifecycle.js'
import type { Workflow, WorkflowState } from '../../domain/workflow/state.js'
import type { CommandHandler, CommandOutcome } from '../commandHandler.js'
import { seal, secretContext } from './envelope.js'
import type { DataKey, Keyring } from './keyring.js'
import type { SecretCommands, SecretOutcome } from './secretCommands.js'

const toMetadata = ({ secretId, key, version, createdAt, updatedAt }: StoredSecret): SecretMetadata => ({
  secretId,
  key,
  version,
  createdAt,
  updatedAt,
})

const toOutcome = (outcome: CommandOutcome<SecretsState, SecretEvent>, key?: string): SecretOutcome => {
  const secret = key === undefined ? undefined : outcome.state.secrets.get(key)
  const { revision, position, replayed } = outcome
  return { secret: secret && toMetadata(secret), revision, position, replayed }
}

const encrypter = (workflowId: string, key: string, value: string, dataKey: DataKey) => (version: number) => {
  const { iv, tag, ciphertext } = seal(dataKey.key, Buffer.from(value, 'utf8'), secretContext(workflowId, key, version))
  return {
    dataKeyId: dataKey.id,
    iv: iv.toString('base64'),
    tag: tag.toString('base64'),
    ciphertext: ciphertext.toString('base64'),
  }
}

/** Names of the secrets that are set for a workflow. */
export const createSecretNames =
  (handler: CommandHandler) =>
  async (workflowId: string): Promise<ReadonlySet<string>> => {
    const { state } = await handler.load(secretsAggregate, workflowId)
    return new Set(state.secrets.keys())
  }

export const createSecretCommands = ({
  handler,
  keyring,
}: {
  readonly handler: CommandHandler
  readonly keyring: Keyring
}): SecretCommands => {
  const checkWorkflow = async (workflowId: string, check: (state: WorkflowState) => Workflow): Promise<void> => {
    check((await handler.load(workflowAggregate, workflowId, { maxAgeMs: 1_000 })).state)
  }
  return {
    set: async (context, workflowId, key, value) => {
      checkSecret(key, value)
      await checkWorkflow(workflowId, editable)
      const encrypt = encrypter(workflowId, key, value, await keyring.dataKeyOf(workflowId))
      const outcome = await handler.handle(secretsAggregate, workflowId, context, (state) =>
        decideSetSecret(state, { workflowId, key }, encrypt),
      )
      return toOutcome(outcome, key)
    },
    delete: async (context, workflowId, key) => {
      await checkWorkflow(workflowId, existing)
      const outcome = await handler.handle(secretsAggregate, workflowId, context, (state) =>
        decideDeleteSecret(state, workflowId, key),
      )
      return toOutcome(outcome)
    },
    list: async (workflowId) => {
      await checkWorkflow(workflowId, existing)
      const { state } = await handler.load(secretsAggregate, workflowId)
      return [...state.secrets.values()].map(toMetadata).sort((a, b) => (a.key < b.key ? -1 : 1))
    },
    names: createSecretNames(handler),
    shred: async (context, workflowId) => {
      await checkWorkflow(workflowId, existing)
      await keyring.destroy(workflowId)
      const outcome = await handler.handle(secretsAggregate, workflowId, context, (state) =>
        decideDeleteAllSecrets(state, workflowId),
      )
      return toOutcome(outcome)
    },
  }
}

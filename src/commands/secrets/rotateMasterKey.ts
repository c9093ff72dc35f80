import { v5 as uuidv5 } from 'uuid'
import { secretsAggregate } from '../../domain/secrets/aggregate.js'
import { decideRecordRotation } from '../../domain/secrets/decisions.js'
import type { CommandContext, CommandHandler } from '../commandHandler.js'
import type { Keyring } from './keyring.js'

/**
 * Wraps every data key by the keyring's master key (its former ones are the keyring's `otherMasterKeys`) and records it
 * in the stream of each workflow's secrets. No secret is touched. May be repeated after an interruption: what is done
 * already is only looked at. Answers how many workflows have secrets under the new key.
 */
export const rotateMasterKey = async (
  { handler, keyring }: { readonly handler: CommandHandler; readonly keyring: Keyring },
  context: CommandContext,
): Promise<number> => {
  const { masterKeyId } = keyring
  let workflows = 0
  for await (const { workflowId, dataKeyId } of keyring.rewrapAll()) {
    const rotation = { workflowId, dataKeyId, masterKeyId }
    const commandId = uuidv5(workflowId, context.commandId)
    await handler.handle(secretsAggregate, workflowId, { ...context, commandId }, (state) =>
      decideRecordRotation(state, rotation),
    )
    workflows += 1
  }
  return workflows
}

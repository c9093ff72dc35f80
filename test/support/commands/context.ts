import { v7 as uuid } from 'uuid'
import type { CommandContext } from '../../../src/commands/commandHandler.js'

export const testNow = '2026-01-02T03:04:05.678Z'

/** The context of a command by a test, with a command id of its own. */
export const testContext = (overrides: Partial<CommandContext> = {}): CommandContext => {
  const commandId = overrides.commandId ?? uuid()
  return {
    commandId,
    actor: { kind: 'system', id: 'test', name: 'test' },
    now: testNow,
    correlationId: commandId,
    causationId: commandId,
    ...overrides,
  }
}

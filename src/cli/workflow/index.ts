import { Command } from 'commander'
import { draftCommands } from './draft.js'
import { readCommands } from './read.js'
import { versionCommands } from './versions.js'

export const workflowCommand = (): Command => {
  const group = new Command('workflow').description('Workflows: their drafts, versions and history')
  for (const command of [...readCommands(), ...draftCommands(), ...versionCommands()]) group.addCommand(command)
  return group
}

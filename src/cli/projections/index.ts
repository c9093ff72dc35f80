import { Command } from 'commander'
import { controlCommands } from './control.js'
import { deadLetterCommands } from './deadLetters.js'
import { listCommand } from './list.js'
import { rebuildCommands } from './rebuild.js'
import { verifyCommand } from './verify.js'

export const projectionsCommand = (): Command => {
  const group = new Command('projections').description('Read models: how far they are, rebuild, verify, roll back')
  const commands = [listCommand(), ...rebuildCommands(), verifyCommand(), ...controlCommands(), ...deadLetterCommands()]
  for (const command of commands) group.addCommand(command)
  return group
}

import { Command } from 'commander'
import { eventsCommand } from './events.js'
import { operateCommands } from './operate.js'
import { readCommands } from './read.js'
import { startCommand } from './start.js'

export const executionCommand = (): Command => {
  const group = new Command('execution').description('Executions: start them, watch them, step in')
  for (const command of [startCommand(), ...readCommands(), eventsCommand(), ...operateCommands()]) {
    group.addCommand(command)
  }
  return group
}

import { Command } from 'commander'
import { version } from '../version.js'
import { auditCommand } from './audit.js'
import { eventstoreCommand } from './eventstore.js'
import { executionCommand } from './execution/index.js'
import { keysCommand } from './keys.js'
import { migrateCommand } from './migrate.js'
import { projectionsCommand } from './projections/index.js'
import { secretsCommand } from './secrets.js'
import { serveCommand } from './serve.js'
import { workflowCommand } from './workflow/index.js'

/** This command and every one below it. */
export const allCommands = (command: Command): Command[] => [command, ...command.commands.flatMap(allCommands)]

/** How a command is written: `flowledger projections list [options]`. */
export const usageOf = (command: Command): string => command.createHelp().commandUsage(command)

/**
 * Everything that `flowledger` can do. Errors are thrown (CommanderError), not printed. `onCommand` hears which command it is, before it
 * acts or is refused.
 */
export const createProgram = (onCommand: (command: Command) => void = () => undefined): Command => {
  const program = new Command('flowledger')
    .description('Flowledger: workflows whose every edit and step is an event')
    .version(version)
    // So that `--version` behind a command is that command's.
    .enablePositionalOptions()
    .addCommand(serveCommand())
    .addCommand(migrateCommand())
    .addCommand(workflowCommand())
    .addCommand(executionCommand())
    .addCommand(secretsCommand())
    .addCommand(auditCommand())
    .addCommand(projectionsCommand())
    .addCommand(keysCommand())
    .addCommand(eventstoreCommand())
    .addHelpText('after', '\nExit code: 0 done, 1 failed, 2 the command line is wrong, 130 interrupted.')
  for (const command of allCommands(program)) {
    command.configureOutput({ outputError: () => undefined }).exitOverride((error) => {
      onCommand(command)
      throw error
    })
  }
  program.hook('preAction', (_, acting) => onCommand(acting))
  return program
}

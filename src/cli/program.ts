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

/** Everything that `flowledger` can do. Errors are thrown (CommanderError), not printed. */
export const createProgram = (): Command => {
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
    command.exitOverride().configureOutput({ outputError: () => undefined })
  }
  return program
}

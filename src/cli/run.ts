import { type Command, CommanderError } from 'commander'
import { ApiError, describe, Interrupted, UsageError } from './errors.js'
import { createProgram, usageOf } from './program.js'
import { note, printable } from './terminal/print.js'

const isHelp = ({ code }: CommanderError): boolean => code === 'commander.helpDisplayed' || code === 'commander.version'

const isMisused = (error: unknown): boolean => error instanceof UsageError || error instanceof CommanderError

const exitCode = (error: unknown): number => {
  if (isMisused(error)) return 2
  return error instanceof Interrupted ? 130 : 1
}

/** For people one line, and one that says how a misused command is used; with --json a problem document of one line. */
const report = (error: unknown, json: boolean, command: Command | undefined): void => {
  // A group without a command has shown its help already.
  if (error instanceof CommanderError && error.code === 'commander.help') return
  const detail = describe(error).replace(/^error: /, '')
  if (!json) {
    note(printable(`flowledger: ${detail}`).replaceAll(/\s+/g, ' ').trimEnd())
    if (command !== undefined && isMisused(error)) note(`usage: ${usageOf(command)} (more with --help)`)
    return
  }
  const { code } = error as { readonly code?: unknown }
  const known = error instanceof ApiError ? error.problem : { detail }
  note(JSON.stringify({ ...(typeof code === 'string' && { code }), ...known }))
}

/** Carries out a command line (without node and the program) and answers the exit code. */
export const run = async (args: readonly string[]): Promise<number> => {
  let command: Command | undefined
  const program = createProgram((acting) => {
    command = acting
  })
  try {
    await program.parseAsync(args, { from: 'user' })
    return Number(process.exitCode ?? 0)
  } catch (error) {
    if (error instanceof CommanderError && isHelp(error)) return 0
    report(error, args.includes('--json'), command)
    return exitCode(error)
  }
}

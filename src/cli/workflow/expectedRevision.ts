import type { Command } from 'commander'
import type { ApiOptions } from '../apiCommand.js'
import { integer } from '../input.js'

export interface RevisionOptions extends ApiOptions {
  readonly ifRevision?: number
}

export const revisionOption = (command: Command): Command =>
  command.option('--if-revision <n>', 'only if nobody has changed it since', integer(0, Number.MAX_SAFE_INTEGER))

export const revisionHeaders = ({ ifRevision }: RevisionOptions): Record<string, string> =>
  ifRevision === undefined ? {} : { 'If-Match': `"${ifRevision}"` }

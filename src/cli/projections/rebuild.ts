import { type Command, Option } from 'commander'
import type { DryRun, Rebuild } from '../../projections/operations/projectionOperations.js'
import { type ApiOptions, apiCommand, openSession, type Session } from '../apiCommand.js'
import { quantity } from '../input.js'
import { path } from '../paths.js'
import { dryRunView, rebuildView } from '../views/projectionView.js'
import { chosenProjections } from './list.js'
import { rebuildUnderWay } from './underWay.js'
import { watchAll } from './watch.js'

interface RebuildOptions extends ApiOptions {
  readonly all?: boolean
  readonly keep?: number
  readonly onDifference?: 'fail' | 'swap'
  readonly dryRun?: boolean
  readonly detach?: boolean
}

const estimate = async ({ client, answer }: Session, names: readonly string[]): Promise<void> => {
  const items: DryRun[] = []
  for (const name of names) {
    items.push((await client.send<DryRun>('POST', path`/v1/projections/${name}/rebuild`, { dryRun: true })).body)
  }
  answer({ items }, () => dryRunView(items))
}

/** Asks for all of them; what was begun goes on where a later one is refused. */
const begin = async ({ client }: Session, names: readonly string[], { keep, onDifference }: RebuildOptions) => {
  const begun: Rebuild[] = []
  const refused: unknown[] = []
  for (const name of names) {
    const wanted = { keepHours: keep, onDifference }
    await client.send<Rebuild>('POST', path`/v1/projections/${name}/rebuild`, wanted).then(
      ({ body }) => begun.push(body),
      (error: unknown) => refused.push(error),
    )
  }
  return { begun, refused }
}

const rebuild = (): Command =>
  apiCommand('rebuild [projection...]', 'Rebuild read models from the log, beside the live ones')
    .option('--all', 'every projection')
    .option('--keep <hours>', 'how long the rows before are kept for a rollback (default: 24)', quantity)
    .addOption(
      new Option('--on-difference <what>', 'where the new rows differ from the live ones').choices(['fail', 'swap']),
    )
    .option('--dry-run', 'only say how much it is')
    .option('--detach', 'do not wait for the end')
    .action(async (chosen: readonly string[], options: RebuildOptions) => {
      const session = openSession(options)
      const names = await chosenProjections(session.client, chosen, options)
      if (options.dryRun) return estimate(session, names)
      const { begun, refused } = await begin(session, names, options)
      if (options.detach) session.answer({ items: begun }, () => begun.map(rebuildView).join('\n'))
      else if (begun.length > 0) await watchAll(session, begun)
      if (refused.length > 0) throw refused[0]
    })

const watch = (): Command =>
  apiCommand('watch <projection>', 'Watch the rebuild that is under way').action(
    async (projection: string, options: ApiOptions) => {
      const session = openSession(options)
      await watchAll(session, [{ projection, id: await rebuildUnderWay(session.client, projection) }])
    },
  )

export const rebuildCommands = (): Command[] => [rebuild(), watch()]

import type { Command } from 'commander'
import type { Rebuild } from '../../projections/operations/projectionOperations.js'
import { type ApiOptions, apiCommand, openSession } from '../apiCommand.js'
import { path } from '../paths.js'
import { rebuildView } from '../views/projectionView.js'
import { rebuildUnderWay } from './underWay.js'

interface ControlOptions extends ApiOptions {
  readonly rebuild?: string
  readonly reason?: string
}

const control = (verb: 'pause' | 'resume' | 'cancel', description: string): Command =>
  apiCommand(`${verb} <projection>`, description)
    .option('--rebuild <id>', 'this one (default: the one under way)')
    .option('--reason <text>', 'why; it stays in the log')
    .action(async (projection: string, options: ControlOptions) => {
      const { client, answer } = openSession(options)
      const id = options.rebuild ?? (await rebuildUnderWay(client, projection))
      const target = path`/v1/projections/${projection}/rebuilds/${id}/${verb}`
      answer((await client.send<Rebuild>('POST', target, { reason: options.reason })).body, rebuildView)
    })

const rollback = (): Command =>
  apiCommand('rollback <projection>', 'Go back to the rows before the last rebuild').action(
    async (projection: string, options: ApiOptions) => {
      const { client, answer } = openSession(options)
      const { body } = await client.send<{ generation: number }>('POST', path`/v1/projections/${projection}/rollback`)
      answer(body, ({ generation }) => `${projection}: generation ${generation} is live`)
    },
  )

export const controlCommands = (): Command[] => [
  rollback(),
  control('pause', 'Let a rebuild wait'),
  control('resume', 'Let a paused rebuild go on'),
  control('cancel', 'Give a rebuild up; the live rows stay'),
]

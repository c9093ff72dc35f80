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

type Verb = 'pause' | 'resume' | 'cancel'

const isDone: Record<Verb, (state: Rebuild['state']) => boolean> = {
  pause: (state) => state === 'paused',
  resume: (state) => state !== 'paused',
  cancel: (state) => state === 'cancelled',
}

/** The projector does it between two batches; where none is there it is done when one comes. */
const steeredView = (verb: Verb, rebuild: Rebuild): string =>
  isDone[verb](rebuild.state)
    ? rebuildView(rebuild)
    : `${rebuildView(rebuild)}\n${verb} is asked for; the projector has not done it yet`

const control = (verb: Verb, description: string): Command =>
  apiCommand(`${verb} <projection>`, description)
    .option('--rebuild <id>', 'this one (default: the one under way)')
    .option('--reason <text>', 'why; it stays in the log')
    .action(async (projection: string, options: ControlOptions) => {
      const { client, answer } = openSession(options)
      const id = options.rebuild ?? (await rebuildUnderWay(client, projection))
      const target = path`/v1/projections/${projection}/rebuilds/${id}/${verb}`
      const { body } = await client.send<Rebuild>('POST', target, { reason: options.reason })
      answer(body, (rebuild) => steeredView(verb, rebuild))
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

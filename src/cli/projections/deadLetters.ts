import type { Command } from 'commander'
import type { DeadLetter } from '../../projections/operations/projectionOperations.js'
import { type ApiOptions, apiCommand, openSession } from '../apiCommand.js'
import { path } from '../paths.js'
import type { Page } from '../resources.js'
import { deadLetterList } from '../views/projectionView.js'

const list = (): Command =>
  apiCommand('dead-letters <projection>', 'List events that a read model could not apply').action(
    async (projection: string, options: ApiOptions) => {
      const { client, answer } = openSession(options)
      const { body } = await client.get<Page<DeadLetter>>(path`/v1/projections/${projection}/dead-letters`)
      answer(body, deadLetterList)
    },
  )

const done = { retry: 'applied', discard: 'left out' } as const

const settle = (verb: 'retry' | 'discard', description: string): Command =>
  apiCommand(`${verb} <projection> <position>`, description)
    .requiredOption('--reason <text>', 'why; it stays in the log')
    .action(async (projection: string, position: string, options: ApiOptions & { readonly reason: string }) => {
      const { client, answer } = openSession(options)
      const { reason } = options
      const target = path`/v1/projections/${projection}/dead-letters/${position}/${verb}`
      answer((await client.send<DeadLetter>('POST', target, { reason })).body, ({ type, stream, requested }) =>
        requested === null
          ? `${type} of ${stream} is ${done[verb]}`
          : `${requested} of ${type} of ${stream} is asked for`,
      )
    })

export const deadLetterCommands = (): Command[] => [
  list(),
  settle('retry', 'Apply a dead letter again, and what is held behind it'),
  settle('discard', 'Leave a dead letter out and go on with what is held behind it'),
]

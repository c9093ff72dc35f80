import type { Command } from 'commander'
import type { Verification } from '../../projections/operations/projectionOperations.js'
import { type ApiOptions, apiCommand, openSession } from '../apiCommand.js'
import { CommandFailed } from '../errors.js'
import { integer } from '../input.js'
import { path, withQuery } from '../paths.js'
import { verificationView } from '../views/projectionView.js'
import { chosenProjections } from './list.js'

interface VerifyOptions extends ApiOptions {
  readonly all?: boolean
  readonly streams?: number
}

export const verifyCommand = (): Command =>
  apiCommand('verify [projection...]', 'Fold sampled streams from the log and compare them with the live rows')
    .option('--all', 'every projection')
    .option('--streams <n>', 'how many streams of each (default: 50)', integer(1, 10_000))
    .action(async (names: readonly string[], options: VerifyOptions) => {
      const { client, answer } = openSession(options)
      const items: (Verification & { readonly projection: string })[] = []
      for (const projection of await chosenProjections(client, names, options)) {
        const target = withQuery(path`/v1/projections/${projection}/verification`, { streams: options.streams })
        items.push({ projection, ...(await client.get<Verification>(target)).body })
      }
      answer({ items }, () => items.map((item) => verificationView(item.projection, item)).join('\n'))
      const wrong = items.filter(({ equal }) => !equal).map(({ projection }) => projection)
      if (wrong.length > 0) throw new CommandFailed(`not equal to the log: ${wrong.join(', ')}`)
    })

import type { Command } from 'commander'
import { type ApiOptions, apiCommand, openSession } from '../apiCommand.js'
import type { Client } from '../client.js'
import { UsageError } from '../errors.js'
import { path } from '../paths.js'
import type { Page, ProjectionStatus } from '../resources.js'
import { projectionList } from '../views/projectionView.js'

export const listCommand = (): Command =>
  apiCommand('list', 'List the read models and how far they are').action(async (options: ApiOptions) => {
    const { client, answer } = openSession(options)
    answer((await client.get<Page<ProjectionStatus>>('/v1/projections')).body, projectionList)
  })

/** The projections that were named, or with `all` every one. All of them are there: nothing is done with one where another is not. */
export const chosenProjections = async (
  client: Client,
  names: readonly string[],
  { all = false }: { readonly all?: boolean },
): Promise<readonly string[]> => {
  if (names.length > 0 === all) throw new UsageError('name one or several projections, or give --all')
  if (!all) {
    const named = [...new Set(names)]
    for (const name of named) await client.get(path`/v1/projections/${name}`)
    return named
  }
  const { body } = await client.get<Page<ProjectionStatus>>('/v1/projections')
  return body.items.map(({ name }) => name)
}

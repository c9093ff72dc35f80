import { isOver, type Rebuild } from '../../projections/operations/projectionOperations.js'
import type { Client } from '../client.js'
import { CommandFailed } from '../errors.js'
import { path } from '../paths.js'
import type { Page } from '../resources.js'

/** The id of the rebuild of a projection that is not over; there is never more than one. */
export const rebuildUnderWay = async (client: Client, projection: string): Promise<string> => {
  const { body } = await client.get<Page<Rebuild>>(path`/v1/projections/${projection}/rebuilds`)
  const found = body.items.find((rebuild) => !isOver(rebuild))
  if (found === undefined) throw new CommandFailed(`no rebuild of ${projection} is under way`)
  return found.id
}

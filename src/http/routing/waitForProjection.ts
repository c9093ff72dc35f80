import { FlowledgerError } from '../../domain/errors.js'
import type { ProjectionProgress } from '../../projections/progress/projectionProgress.js'
import { parseConsistencyToken } from '../headers/consistencyToken.js'
import type { RequestContext } from './requestContext.js'
import type { ProjectionName } from './route.js'

const defaultWaitMs = 2_000

/** Read your writes: waits until the read model has seen the command whose token came with the request. */
export const waitForProjection = async (
  progress: Pick<ProjectionProgress, 'waitFor'>,
  projection: ProjectionName,
  context: RequestContext,
): Promise<void> => {
  const position = parseConsistencyToken(context.header('x-consistency-token'))
  if (position === undefined) return
  const { wait } = context
  const result = await progress.waitFor(projection, position, wait === undefined ? defaultWaitMs : wait * 1000)
  if (result.reached) return
  throw new FlowledgerError(
    'unavailable',
    'projection_behind',
    `The read model ${projection} has not come so far yet.`,
    [],
    {
      projection,
      required: position.toString(),
      reached: result.position?.toString() ?? null,
      retryAfterSeconds: 1,
    },
  )
}

import type { Projection } from '../model/projection.js'
import { activityProjection } from './activity.js'
import { apiKeysProjection } from './apiKeys.js'
import { executionsProjection } from './executions.js'
import { secretsProjection } from './secrets.js'
import { versionsProjection } from './versions.js'
import { workProjection } from './work.js'
import { workflowsProjection } from './workflows.js'

/** Every read model of the program. */
export const projections: readonly Projection[] = [
  workflowsProjection,
  versionsProjection,
  secretsProjection,
  executionsProjection,
  workProjection,
  activityProjection,
  apiKeysProjection,
]

import { answerJobs } from '../sandbox/threadProtocol.js'
import { carryOutJob } from './carryOutJob.js'
import { createCelEngine } from './celEngine.js'
import type { ExpressionJob, ExpressionJobResult } from './expressionJob.js'
import { expressionLimits } from './limits.js'

const engine = createCelEngine({ maxSteps: expressionLimits.workerSteps })

answerJobs<ExpressionJob, ExpressionJobResult>((job) => carryOutJob(job, engine))

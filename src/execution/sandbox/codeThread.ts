import type { CodeJob, CodeResult } from './codeJob.js'
import { quickJsModules } from './quickJsModule.js'
import { runCode } from './runCode.js'
import { answerJobs } from './threadProtocol.js'

/** Jobs after which the thread is replaced, so that nothing can pile up in it. */
const maxJobs = 500

const createModule = await quickJsModules()
let jobs = 0

answerJobs<CodeJob, CodeResult>(
  async (job) => {
    jobs++
    return runCode(await createModule(job.memoryBytes), job)
  },
  () => jobs >= maxJobs,
)

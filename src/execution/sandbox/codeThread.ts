import { getQuickJS } from 'quickjs-emscripten'
import type { CodeJob, CodeResult } from './codeJob.js'
import { runCode } from './runCode.js'
import { answerJobs } from './threadProtocol.js'

/** Jobs after which a thread is replaced: the memory of a WebAssembly module never shrinks. */
const maxJobs = 200

const quickJs = await getQuickJS()
let jobs = 0
let isBroken = false

answerJobs<CodeJob, CodeResult>(
  (job) => {
    jobs++
    const { result, isClean } = runCode(quickJs, job)
    isBroken = !isClean
    return result
  },
  () => isBroken || jobs >= maxJobs,
)

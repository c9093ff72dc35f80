import type { JsonValue } from '../../domain/json.js'
import { NodeFailure } from '../../domain/nodes/behaviour.js'
import type { CodeJob, CodeResult } from './codeJob.js'
import { noFreeThread } from './noFreeThread.js'
import { threadEntry } from './startThread.js'
import { createThreadPool } from './threadPool.js'
import { type ThreadCaller, ThreadFailure } from './threadQueue.js'

export interface CodeSandbox {
  /** Throws NodeFailure with code_error, code_timeout, code_memory or no_free_thread. */
  run(job: CodeJob, caller?: ThreadCaller): Promise<JsonValue>
  close(): Promise<void>
}

/** How much longer than its own time a job may take before its thread is ended from outside. */
const graceMs = 500

const failure = (code: string, message: string): NodeFailure => new NodeFailure({ class: 'code', code, message })

/** Runs user code in QuickJS, in threads that are started when the first code comes and ended when there is none. */
export const createCodeSandbox = ({ threads = 3 }: { threads?: number } = {}): CodeSandbox => {
  const pool = createThreadPool<CodeJob, CodeResult>({
    entry: threadEntry('codeThread', import.meta.url),
    name: 'code',
    size: threads,
    perGroup: Math.max(1, threads - 1),
    resourceLimits: { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 16 },
  })
  return {
    run: async (job, caller) => {
      const result = await pool.run(job, job.timeoutMs + graceMs, caller).catch((error: unknown) => {
        if (!(error instanceof ThreadFailure)) throw error
        if (error.reason === 'busy') throw noFreeThread(error.message)
        if (error.reason === 'timeout') throw failure('code_timeout', 'the code did not end in time')
        if (error.reason === 'memory') throw failure('code_memory', 'the code needs more memory than it may have')
        throw failure(error.reason === 'aborted' ? 'code_aborted' : 'code_error', error.message)
      })
      if (result.ok) return result.value
      throw failure(result.code, result.message)
    },
    close: () => pool.close(),
  }
}

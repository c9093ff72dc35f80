import type { ExecutionResult } from './executionCommands.js'
import type { RunHub } from './runHub.js'
import type { RunWriter } from './runWriter.js'

export interface EndWaiter {
  waitForEnd(executionId: string, timeoutMs: number): Promise<ExecutionResult>
  close(): void
}

const firstPauseMs = 100
const longestPauseMs = 1_000

/**
 * Who waits for the end of runs hears of it at once where this process appends it. Where another process may be the one
 * (`elsewhere`), the stream is read now and then: only what is new of it.
 */
export const createEndWaiter = ({
  runs,
  hub,
  elsewhere,
}: {
  readonly runs: RunWriter
  readonly hub: RunHub
  readonly elsewhere: boolean
}): EndWaiter => {
  const waiting = new Map<string, Set<(result: ExecutionResult) => void>>()

  const close = hub.listen(({ executionId, state, revision, position }) => {
    if (state.phase !== 'ended') return
    const resolves = waiting.get(executionId)
    if (resolves === undefined) return
    for (const resolve of resolves) resolve({ executionId, state, revision, position, replayed: false })
  })

  const waitForEnd = async (executionId: string, timeoutMs: number): Promise<ExecutionResult> => {
    const resolves = waiting.get(executionId) ?? new Set()
    waiting.set(executionId, resolves)
    let told: (result: ExecutionResult) => void = () => undefined
    const end = new Promise<ExecutionResult>((resolve) => {
      told = resolve
    })
    resolves.add(told)
    let timer: NodeJS.Timeout | undefined
    const after = (milliseconds: number): Promise<undefined> =>
      new Promise((resolve) => {
        timer = setTimeout(() => resolve(undefined), milliseconds)
      })
    try {
      const deadline = performance.now() + timeoutMs
      // It may have ended before we listened.
      let newest = await runs.load(executionId, elsewhere ? 0 : Number.POSITIVE_INFINITY)
      for (let pause = firstPauseMs; newest.state.phase !== 'ended'; pause = Math.min(pause * 2, longestPauseMs)) {
        const left = deadline - performance.now()
        if (left <= 0) return runs.load(executionId)
        const ended = await Promise.race([end, after(elsewhere ? Math.min(pause, left) : left)])
        clearTimeout(timer)
        newest = ended ?? (await runs.load(executionId))
      }
      return newest
    } finally {
      clearTimeout(timer)
      resolves.delete(told)
      if (resolves.size === 0) waiting.delete(executionId)
    }
  }

  return { waitForEnd, close }
}

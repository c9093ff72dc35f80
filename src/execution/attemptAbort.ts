/** Why an attempt's signal aborts. */
export type AbortReason = 'timeout' | 'cancelled' | 'shutdown'

/** An attempt's own AbortController. Its signal costs more than all the rest of a short attempt, and few ask for it. */
export interface AttemptAbort {
  readonly reason: AbortReason | undefined
  readonly signal: AbortSignal
  /** Only the first reason counts. */
  abort(reason: AbortReason): void
  /** Called once, at once where it is aborted already. One listener, the latest. */
  onAbort(listener: () => void): void
}

export const createAttemptAbort = (): AttemptAbort => {
  let reason: AbortReason | undefined
  let controller: AbortController | undefined
  let tell: () => void = () => undefined
  return {
    get reason() {
      return reason
    },
    get signal() {
      if (controller === undefined) {
        controller = new AbortController()
        if (reason !== undefined) controller.abort(reason)
      }
      return controller.signal
    },
    abort: (because) => {
      if (reason !== undefined) return
      reason = because
      controller?.abort(because)
      tell()
    },
    onAbort: (listener) => {
      tell = listener
      if (reason !== undefined) listener()
    },
  }
}

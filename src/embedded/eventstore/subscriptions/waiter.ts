import type { Call } from '../wire/call.js'

interface Waiter {
  /** Resolves at the next sign, or at once when there was one since the last wait, or when the call has ended. */
  wait(): Promise<void>
}

/** Waits for signs until the call ends. A sign that comes while nobody waits is kept. */
export function createWaiter(call: Call, listen: (listener: () => void) => () => void): Waiter {
  let signalled = false
  let wake: (() => void) | undefined
  const signal = () => {
    if (wake) {
      const resume = wake
      wake = undefined
      resume()
    } else signalled = true
  }
  const stop = listen(signal)
  call.onClose(() => {
    stop()
    signal()
  })
  return {
    wait() {
      if (signalled || call.closed) {
        signalled = false
        return Promise.resolve()
      }
      return new Promise((resolve) => {
        wake = resolve
      })
    },
  }
}

/** A time limit that can stand still. */
export interface Countdown {
  /** Stops the clock until the function that it gives back is called. Of several pauses at once the last one ends it. */
  pause(): () => void
  /** Nothing happens any more. */
  stop(): void
}

export const startCountdown = (milliseconds: number, onEnd: () => void): Countdown => {
  let left = milliseconds
  let runningSince = performance.now()
  let pauses = 0
  let stopped = false
  let timer = setTimeout(onEnd, left)

  const resume = (): void => {
    pauses -= 1
    if (pauses > 0 || stopped) return
    runningSince = performance.now()
    timer = setTimeout(onEnd, Math.max(0, left))
  }

  return {
    pause: () => {
      if (pauses === 0) {
        clearTimeout(timer)
        left -= performance.now() - runningSince
      }
      pauses += 1
      let over = false
      return () => {
        if (!over) resume()
        over = true
      }
    },
    stop: () => {
      stopped = true
      clearTimeout(timer)
    },
  }
}

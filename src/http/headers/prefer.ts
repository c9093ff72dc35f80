/** What `Prefer: wait` without a number means, and the most that it may ask for; in seconds. */
const bareWaitSeconds = 30
export const maxWaitSeconds = 60

/**
 * Seconds of `Prefer: wait=N` (RFC 7240), at most 60; undefined when it is not asked for. What can't be understood is
 * ignored, as the RFC wants it.
 */
export const preferredWait = (value: string | undefined): number | undefined => {
  if (value === undefined) return undefined
  for (const preference of value.split(',')) {
    const match = /^\s*wait\s*(?:=\s*"?(\d{1,6})"?\s*)?(?:;.*)?$/i.exec(preference)
    if (match) return match[1] === undefined ? bareWaitSeconds : Math.min(Number(match[1]), maxWaitSeconds)
  }
  return undefined
}

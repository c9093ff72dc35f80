const MILLISECONDS = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 } as const
/** A timer would fire at once for a longer time, which is none in practice. */
const LONGEST = 2 ** 31 - 1

/**
 * The time that a call may take by its `grpc-timeout`, in ms: up to eight digits and a unit. What is malformed asks for no
 * limit, as on a real server.
 */
export function timeoutOf(header: string | string[] | undefined): number | undefined {
  const found = typeof header === 'string' ? /^(\d{1,8})([HMSmun])$/.exec(header) : null
  if (!found) return undefined
  const time = Number(found[1]) * MILLISECONDS[found[2] as keyof typeof MILLISECONDS]
  return time > LONGEST ? undefined : time
}

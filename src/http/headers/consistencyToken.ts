import { FlowledgerError } from '../../domain/errors.js'

/** A log position as clients carry it; opaque to them. */
export const consistencyToken = (position: bigint): string => position.toString()

const largest = 2n ** 63n - 1n

export const parseConsistencyToken = (value: string | undefined): bigint | undefined => {
  if (value === undefined) return undefined
  const position = /^\d{1,19}$/.test(value) ? BigInt(value) : undefined
  if (position === undefined || position > largest)
    throw new FlowledgerError(
      'malformed',
      'invalid_consistency_token',
      'X-Consistency-Token must be one that a command answered.',
    )
  return position
}

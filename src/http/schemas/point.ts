import { z } from 'zod'
import { parsePoint } from '../../audit/point.js'

/** A moment of a stream in a query: a revision, or an ISO time. */
export const pointQuery = z
  .string()
  .refine((text) => parsePoint(text) !== undefined, 'It must be a revision or an ISO 8601 time.')
  .transform((text) => parsePoint(text) ?? { revision: 0 })
  .meta({
    description: 'A revision of the stream, or an ISO 8601 time',
    examples: ['12', '2026-03-01T12:00:00Z'],
    override: { type: 'string' },
  })

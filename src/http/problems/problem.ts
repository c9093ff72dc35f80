import { z } from 'zod'

export const inputErrorSchema = z
  .strictObject({
    pointer: z.string().meta({ description: 'JSON pointer (RFC 6901) into what was sent' }),
    code: z.string(),
    detail: z.string(),
    nodeId: z.string().optional(),
    edgeId: z.string().optional(),
  })
  .meta({ id: 'InputError' })

/** RFC 9457. Members beside these are extensions of single codes (`currentRevision`, `lag`, …). */
export const problemSchema = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string().optional(),
    instance: z.string().optional(),
    code: z.string().meta({ description: 'Stable, snake_case' }),
    traceId: z.string(),
    errors: z.array(inputErrorSchema).optional().meta({ description: 'All that is wrong with the input, at once' }),
  })
  .meta({ id: 'Problem', description: 'A problem document (RFC 9457)' })

export const problemMediaType = 'application/problem+json'

/** A stable name for the kind of problem: `urn:flowledger:problem:not_published`. */
export const problemType = (code: string): string => `urn:flowledger:problem:${code}`

/** `not_published` -> `Not published`. */
export const problemTitle = (code: string): string => {
  const words = code.replaceAll('_', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

import { z } from 'zod'

/** What validation says of a definition (execution.md). Errors keep it from being published, warnings don't. */
export const findingSchema = z.strictObject({
  severity: z.enum(['error', 'warning']),
  code: z.string(),
  detail: z.string(),
  nodeId: z.string().optional(),
  edgeId: z.string().optional(),
  pointer: z.string().optional(),
})
export type Finding = z.infer<typeof findingSchema>

import { z } from 'zod'
import type { TriggerNodeType } from '../../domain/nodes/behaviour.js'

export const webhookConfigSchema = z.strictObject({
  path: z
    .string()
    .max(200)
    .regex(
      /^[A-Za-z0-9_~-][A-Za-z0-9._~-]*(\/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*$/,
      'It must be a path such as orders/new.',
    ),
  method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']).optional(),
  respond: z.enum(['accepted', 'result']).default('accepted'),
})

/** Starts a run for each request to `/hooks/<path>`. */
export const webhookTrigger: TriggerNodeType = {
  type: 'trigger.webhook',
  kind: 'trigger',
  description: 'Starts a run for each request to its own address.',
  configSchema: webhookConfigSchema,
  ports: () => ['out'],
}

import { createRequire } from 'node:module'
import type { WebhookPayload } from './expectedTriage.js'

export interface Delivery {
  event: string
  payload: WebhookPayload
}

/** Real GitHub webhook payloads, as GitHub's own documentation has them. A development dependency. */
export const loadDeliveries = (): Delivery[] => {
  const require = createRequire(import.meta.url)
  const kinds = require('@octokit/webhooks-examples') as { name: string; examples: WebhookPayload[] }[]
  return kinds.flatMap(({ name, examples }) => examples.map((payload) => ({ event: name, payload })))
}

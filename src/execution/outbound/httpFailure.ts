import type { JsonObject } from '../../domain/json.js'
import { NodeFailure } from '../../domain/nodes/behaviour.js'

/** Codes of a request that did not give a response that counts. */
export type HttpFailureCode =
  | 'http_aborted'
  | 'http_blocked_address'
  | 'http_connection'
  | 'http_invalid_body'
  | 'http_invalid_request'
  | 'http_redirects'
  | 'http_response_too_large'
  | 'http_status'
  | 'http_timeout'

/** Whether the request reached the other side: `no` is certain, `yes` as well (it answered), `maybe` is the rest. */
export type Sent = 'no' | 'maybe' | 'yes'

export const httpFailure = (
  code: HttpFailureCode,
  message: string,
  sent: Sent,
  details: JsonObject = {},
): NodeFailure => new NodeFailure({ class: 'http', code, message, details: { sent, ...details } })

import { EventStoreError } from '../errors.js'

/** gRPC status codes. */
export const Status = {
  ok: 0,
  cancelled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  alreadyExists: 6,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  aborted: 10,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const

export type StatusCode = (typeof Status)[keyof typeof Status]

/**
 * How a call ends other than well. `trailers` are the metadata keys by which clients tell errors apart
 * (`exception` first of all); their values are made printable on the way out.
 */
export class GrpcError extends Error {
  override readonly name = 'GrpcError'

  constructor(
    readonly status: StatusCode,
    message: string,
    readonly trailers: Readonly<Record<string, string>> = {},
  ) {
    super(message)
  }
}

/** Turns whatever was thrown into the status that goes over the wire. */
export function toGrpcError(error: unknown): GrpcError {
  if (error instanceof GrpcError) return error
  // The status at which clients connect again and repeat.
  if (error instanceof EventStoreError && error.code === 'closed')
    return new GrpcError(Status.unavailable, error.message)
  return new GrpcError(Status.unknown, error instanceof Error ? error.message : String(error))
}

/** Percent-encodes as gRPC asks of `grpc-message`: only what is not printable ASCII, and the percent sign. */
export function percentEncode(text: string): string {
  return printable(text.replaceAll('%', '%25'))
}

function printable(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text
  let encoded = ''
  for (const byte of Buffer.from(text, 'utf8')) {
    if (byte >= 0x20 && byte <= 0x7e) encoded += String.fromCharCode(byte)
    else encoded += `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return encoded
}

/** The trailing headers for a status. */
export function trailersOf(error: GrpcError | undefined): Record<string, string> {
  if (!error) return { 'grpc-status': '0' }
  const trailers: Record<string, string> = {}
  for (const [key, value] of Object.entries(error.trailers)) trailers[key] = printable(value)
  trailers['grpc-status'] = String(error.status)
  trailers['grpc-message'] = percentEncode(error.message)
  return trailers
}

import { GrpcError, Status } from '../wire/status.js'

/** The errors that the official clients know by their `exception` trailer, each with the keys it must carry. */
export function streamDeleted(stream: string): GrpcError {
  return new GrpcError(Status.failedPrecondition, `Event stream '${stream}' is deleted.`, {
    exception: 'stream-deleted',
    'stream-name': stream,
  })
}

export function wrongExpectedVersion(stream: string, expected: string, actual: number): GrpcError {
  return new GrpcError(
    Status.failedPrecondition,
    `Append failed due to WrongExpectedVersion. Stream: ${stream}, Expected version: ${expected}, Actual version: ${actual}`,
    {
      exception: 'wrong-expected-version',
      'stream-name': stream,
      'expected-version': expected,
      'actual-version': String(actual),
    },
  )
}

export function maximumAppendSizeExceeded(limit: number): GrpcError {
  return new GrpcError(Status.invalidArgument, `Maximum Append Size of ${limit} Exceeded.`, {
    exception: 'maximum-append-size-exceeded',
    'maximum-append-size': String(limit),
  })
}

export function missingRequiredMetadata(key: string): GrpcError {
  return new GrpcError(Status.invalidArgument, `Required Metadata Property '${key}' is missing`, {
    exception: 'missing-required-metadata-property',
    'required-metadata-properties': 'type,content-type',
  })
}

export function accessDenied(): GrpcError {
  return new GrpcError(Status.permissionDenied, 'Access Denied', { exception: 'access-denied' })
}

export function invalidArgument(message: string): GrpcError {
  return new GrpcError(Status.invalidArgument, message)
}

import { GrpcError, Status, type StatusCode } from '../wire/status.js'

interface GroupName {
  readonly source: string
  readonly name: string
}

function groupError(
  status: StatusCode,
  exception: string,
  group: GroupName,
  message: string,
  reason?: string,
): GrpcError {
  return new GrpcError(status, message, {
    exception,
    'stream-name': group.source,
    'group-name': group.name,
    ...(reason === undefined ? {} : { reason }),
  })
}

const title = ({ source, name }: GroupName) => `Subscription group ${name} on stream ${source}`

export const groupDoesNotExist = (source: string, name: string): GrpcError =>
  groupError(
    Status.notFound,
    'persistent-subscription-does-not-exist',
    { source, name },
    `${title({ source, name })} does not exist.`,
  )

export const groupExists = (group: GroupName): GrpcError =>
  groupError(Status.alreadyExists, 'persistent-subscription-exists', group, `${title(group)} exists.`)

export const groupFailed = (group: GroupName, reason: string): GrpcError =>
  groupError(Status.internal, 'persistent-subscription-failed', group, `${title(group)} failed: '${reason}'`, reason)

export const groupDropped = (group: GroupName): GrpcError =>
  groupError(Status.cancelled, 'persistent-subscription-dropped', group, `${title(group)} was dropped.`)

export const groupIsFull = (group: GroupName): GrpcError =>
  groupError(
    Status.failedPrecondition,
    'maximum-subscribers-reached',
    group,
    `Maximum subscriptions reached for ${title(group)}.`,
  )

import { describe, expect, it } from 'vitest'
import { LogUnavailable } from '../../../src/eventlog/eventStore.js'
import { asLogError } from '../../../src/eventlog/eventStoreDb/errors.js'

const failed = (message: string, more: object) => Object.assign(new Error(message), more)
const withException = (exception: string) => ({
  metadata: { get: (key: string) => (key === 'exception' ? [exception] : []) },
})

describe('an error of a call', () => {
  it.each([
    ['the server can not be reached', failed('14 UNAVAILABLE: no connection', { code: 14 })],
    ['the server cancelled it', failed('1 CANCELLED: shutting down', { code: 1 })],
    ['its time was over', failed('4 DEADLINE_EXCEEDED', { code: 4 })],
    ['another node leads', failed('5 NOT_FOUND', { code: 5, ...withException('not-leader') })],
    ['it was reset without a status', failed('13 INTERNAL: Received RST_STREAM with code 0', { code: 13 })],
    ['the client calls it unavailable', failed('gone', { type: 'unavailable' })],
  ])('means that the log is away: %s', (_, error) => {
    expect(asLogError(error)).toBeInstanceOf(LogUnavailable)
    expect((asLogError(error) as Error).cause).toBe(error)
  })

  it.each([
    ['a tombstoned stream', failed('9 FAILED_PRECONDITION', { code: 9, ...withException('stream-deleted') })],
    ['a server that failed', failed('13 INTERNAL: out of order', { code: 13 })],
    ['a mistake of ours', new TypeError('not a function')],
    ['no error', 'text'],
  ])('is passed on as it is: %s', (_, error) => expect(asLogError(error)).toBe(error))
})

import type { ProtoWriter } from '../wire/protoWriter.js'
import type { Consumer } from './consumer.js'
import type { SubscriptionGroup } from './group.js'
import { ALL } from './groupSettings.js'

/** Writes a `SubscriptionInfo`. */
export function writeGroupInfo(writer: ProtoWriter, group: SubscriptionGroup): void {
  const { source, name, settings } = group.definition
  const isAll = source === ALL
  writer.string(1, source).string(2, name)
  writer.string(3, group.isLive ? 'Live' : 'Behind')
  for (const consumer of group.consumers) writer.message(4, (connection) => writeConnection(connection, consumer))
  writer.uint(5, group.throughput.averagePerSecond())
  writer.uint(6, group.throughput.total)
  writer.uint(7, group.throughput.sinceLastMeasurement())
  writer.string(8, printOrder(isAll, group.checkpointer.written))
  writer.string(9, printOrder(isAll, group.lastKnown))
  writer.bool(10, settings.resolveLinks)
  writer.string(11, printStart(isAll, settings.startFrom))
  writer.uint(12, settings.messageTimeout)
  writer.bool(13, settings.extraStatistics)
  writer.uint(14, settings.maxRetryCount)
  writer.uint(15, settings.liveBufferSize)
  writer.uint(16, settings.historyBufferSize)
  writer.uint(17, settings.readBatchSize)
  writer.uint(18, settings.checkpointAfter)
  writer.uint(19, settings.minCheckpointCount)
  writer.uint(20, settings.maxCheckpointCount)
  writer.uint(21, group.buffer.length)
  writer.uint(22, 0)
  writer.uint(23, group.retries.length)
  writer.uint(24, group.inFlightCount)
  writer.uint(25, group.outstandingCount)
  writer.string(26, settings.strategy)
  writer.uint(27, settings.maxSubscriberCount)
  writer.uint(28, group.parked.count())
}

function writeConnection(writer: ProtoWriter, consumer: Consumer): void {
  writer.string(1, consumer.from).string(2, consumer.user)
  writer.uint(3, consumer.throughput.averagePerSecond())
  writer.uint(4, consumer.throughput.total)
  writer.uint(5, consumer.throughput.sinceLastMeasurement())
  for (const [key, value] of consumer.throughput.measurements()) {
    writer.message(6, (measurement) => measurement.string(1, key).uint(2, value))
  }
  writer.uint(7, consumer.bufferSize - consumer.inFlightCount)
  writer.uint(8, consumer.inFlightCount)
  writer.string(9, consumer.connectionName)
}

/** A revision, or both halves of a position; empty for none. */
function printOrder(isAll: boolean, order: number | undefined): string {
  if (order === undefined || order < 0) return ''
  return isAll ? `C:${order}/P:${order}` : String(order)
}

function printStart(isAll: boolean, startFrom: number | 'start' | 'end'): string {
  const order = startFrom === 'start' ? 0 : startFrom === 'end' ? -1 : startFrom
  return isAll ? `C:${order}/P:${order}` : String(order)
}

import type { Duplex, Readable } from 'node:stream'
import type { EventStoreDBClient } from '@eventstore/db-client'
import { PersistentSubscriptionsClient } from '@eventstore/db-client/generated/persistent_grpc_pb.js'
import { StreamsClient } from '@eventstore/db-client/generated/streams_grpc_pb.js'

/** A call whose answers are the bytes of protobuf messages. Cancelled, it ends with an error of code CANCELLED. */
export type ReadCall = Readable & { cancel(): void }
export type DuplexCall = Duplex & { cancel(): void }

type Codec = (bytes: Buffer) => Buffer
type CallArguments = [metadata: unknown, options: unknown]

/** The part of a gRPC client (`@grpc/grpc-js`) that calls by name and leaves the messages to us. */
interface GenericClient {
  makeServerStreamRequest(
    path: string,
    serialize: Codec,
    deserialize: Codec,
    request: Buffer,
    ...rest: CallArguments
  ): ReadCall
  makeBidiStreamRequest(path: string, serialize: Codec, deserialize: Codec, ...rest: CallArguments): DuplexCall
}

type Service = typeof StreamsClient | typeof PersistentSubscriptionsClient

/** What the client keeps for its own calls: connection, discovery, reconnection, credentials. Typed `protected` in 6.2.1. */
interface ClientConnection {
  GRPCStreamCreator<Call>(service: Service, name: string, create: (grpc: GenericClient) => Call): () => Promise<Call>
  callArguments(options: object, callOptions: { deadline: number }): CallArguments
}

/** The hot calls of EventStoreDB over the official client's connection, with messages as bytes (docs/adr/0010). */
export interface LogCalls {
  read(request: Buffer): Promise<ReadCall>
  batchAppend(): Promise<DuplexCall>
  /** Of a persistent subscription; its first message is what joins a group. */
  readGroup(): Promise<DuplexCall>
}

const streams = '/event_store.client.streams.Streams'
const groups = '/event_store.client.persistent_subscriptions.PersistentSubscriptions'
/** Reads, subscriptions and the stream of appends live as long as we want. */
const noDeadline = { deadline: Number.POSITIVE_INFINITY }
const asBytes: Codec = (bytes) => bytes

export const logCalls = (client: EventStoreDBClient): LogCalls => {
  const connection = client as unknown as ClientConnection
  const open = <Call>(service: Service, name: string, create: (grpc: GenericClient, rest: CallArguments) => Call) =>
    connection.GRPCStreamCreator(service, name, (grpc) => create(grpc, connection.callArguments({}, noDeadline)))()
  return {
    read: (request) =>
      open(StreamsClient, 'read', (grpc, rest) =>
        grpc.makeServerStreamRequest(`${streams}/Read`, asBytes, asBytes, request, ...rest),
      ),
    batchAppend: () =>
      open(StreamsClient, 'batchAppend', (grpc, rest) =>
        grpc.makeBidiStreamRequest(`${streams}/BatchAppend`, asBytes, asBytes, ...rest),
      ),
    readGroup: () =>
      open(PersistentSubscriptionsClient, 'readGroup', (grpc, rest) =>
        grpc.makeBidiStreamRequest(`${groups}/Read`, asBytes, asBytes, ...rest),
      ),
  }
}

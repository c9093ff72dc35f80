/** One event of a stream (HTML standard, server-sent events). JSON never holds a line break, so `data` is one line. */
export const serverSentEvent = ({ id, event, data }: { id: string; event: string; data: unknown }): string =>
  `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`

/** A comment: nothing happened, the connection is alive. */
export const heartbeat = ': alive\n\n'

/** How long a client waits before it comes back with Last-Event-ID. */
export const retryAfter = (milliseconds: number): string => `retry: ${milliseconds}\n\n`

import type { ServerHttp2Stream } from 'node:http2'
import type { Call } from './call.js'

/**
 * Makes a client send the message that it did not send together with the headers of its call. Some clients (the Rust one, and all
 * that are built upon it) leave Nagle's algorithm on, so their message waits until the headers are acknowledged; and a
 * system that has nothing to send delays that for 40 ms. Anything that is sent carries the acknowledgement. The headers of the
 * answer are, other than a ping, nothing that the client would have to answer, and so to wait for again.
 */
export function releaseMessage(stream: ServerHttp2Stream, call: Call): void {
  let hasCome = false
  const note = () => {
    hasCome = true
  }
  stream.once('data', note)
  stream.once('end', note)
  setImmediate(() => {
    if (!hasCome) call.begin()
  })
}

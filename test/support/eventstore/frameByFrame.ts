import type { AddressInfo } from 'node:net'
import { connect, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

const PREFACE_SIZE = 24
const HEADER_SIZE = 9
/** Between two frames, in ms: long enough that the other side reads each by itself. */
const PAUSE = 4

/** A way to `port` on which every HTTP/2 frame of the client arrives alone. */
export async function openFrameByFrame(port: number): Promise<{ port: number; close(): void }> {
  const proxy = createServer((client) => {
    const server = connect(port, '127.0.0.1')
    void forward(client, (frame) => server.write(frame)).finally(() => server.end())
    server.on('data', (chunk) => client.write(chunk))
    server.on('close', () => client.destroy())
    for (const socket of [client, server]) socket.setNoDelay(true).on('error', () => undefined)
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  return { port: (proxy.address() as AddressInfo).port, close: () => proxy.close() }
}

async function forward(client: AsyncIterable<Buffer>, write: (frame: Buffer) => void): Promise<void> {
  let rest = Buffer.alloc(0)
  let isBegun = false
  for await (const chunk of client) {
    rest = Buffer.concat([rest, chunk])
    for (;;) {
      const size = !isBegun ? PREFACE_SIZE : rest.length < HEADER_SIZE ? Infinity : HEADER_SIZE + rest.readUIntBE(0, 3)
      if (rest.length < size) break
      isBegun = true
      write(rest.subarray(0, size))
      rest = rest.subarray(size)
      await sleep(PAUSE)
    }
  }
}

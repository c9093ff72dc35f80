import type { ServerResponse } from 'node:http'
import type { Answer } from './answer.js'

const drained = (response: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done).off('close', done)
      resolve()
    }
    response.on('drain', done).on('close', done)
  })

const writeStream = async (response: ServerResponse, stream: AsyncIterable<string>): Promise<void> => {
  response.flushHeaders()
  for await (const chunk of stream) {
    if (response.destroyed) return
    if (!response.write(chunk)) await drained(response)
  }
  response.end()
}

const bodyText = (answer: Answer): string | undefined =>
  answer.text ?? (answer.body === undefined ? undefined : JSON.stringify(answer.body))

/**
 * Writes an answer once. A stream is written with back-pressure. Throws what its source throws: then the status has been
 * sent, and all that's left is to cut the connection.
 */
export const writeAnswer = async (response: ServerResponse, answer: Answer): Promise<void> => {
  response.statusCode = answer.status
  for (const name in answer.headers) {
    const value = answer.headers[name]
    if (value !== undefined) response.setHeader(name, value)
  }
  if (answer.stream !== undefined) {
    response.setHeader('Content-Type', answer.contentType ?? 'text/plain; charset=utf-8')
    if (response.req.method === 'HEAD') return void response.end()
    return writeStream(response, answer.stream)
  }
  const text = bodyText(answer)
  if (text === undefined) return void response.end()
  response.setHeader('Content-Type', answer.contentType ?? 'application/json; charset=utf-8')
  response.setHeader('Content-Length', Buffer.byteLength(text))
  response.end(text)
}

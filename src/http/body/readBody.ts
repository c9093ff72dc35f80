import type { IncomingMessage } from 'node:http'
import { FlowledgerError } from '../../domain/errors.js'
import { HttpProblem } from '../problems/httpProblem.js'

/** The largest request body, in bytes (security.md). */
export const maxBodyBytes = 1024 * 1024

const tooLarge = (): FlowledgerError =>
  new FlowledgerError('tooLarge', 'body_too_large', `The body is larger than ${maxBodyBytes} bytes.`)

/** Reads the whole body. Refuses it as soon as it is known to be too large, before more of it is read. */
export const readBody = (request: IncomingMessage): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const declared = Number(request.headers['content-length'] ?? 0)
    if (declared > maxBodyBytes) return reject(tooLarge())
    const chunks: Buffer[] = []
    let size = 0
    const done = (finish: () => void): void => {
      request.off('data', onData).off('end', onEnd).off('error', onLost).off('aborted', onLost)
      finish()
    }
    const onData = (chunk: Buffer): void => {
      size += chunk.length
      if (size > maxBodyBytes) done(() => reject(tooLarge()))
      else chunks.push(chunk)
    }
    const onEnd = (): void => done(() => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)))
    const onLost = (): void =>
      done(() => reject(new HttpProblem(400, 'body_incomplete', 'The body ended before its end.')))
    request.on('data', onData).on('end', onEnd).on('error', onLost).on('aborted', onLost)
  })

import { parentPort, workerData } from 'node:worker_threads'
import { messageOf } from '../domain/errors.js'
import { type ProjectorConfig, runProjector } from './runProjector.js'
import type { FromWorker, ToWorker } from './startProjectorWorker.js'

/** The projector in a thread of its own: what it does never holds up the loop that answers requests. */
const port = parentPort
if (port === null) throw new Error('this file is the entry of a worker thread')
const send = (message: FromWorker) => port.postMessage(message)

try {
  const projector = await runProjector(workerData as ProjectorConfig, (line) => send({ kind: 'log', line }))
  port.on('message', (message: ToWorker) => {
    const answer = async (): Promise<FromWorker> => {
      if (message.kind === 'status') return { kind: 'status', id: message.id, status: await projector.status() }
      await projector.stop()
      return { kind: 'stopped' }
    }
    answer().then(
      (reply) => {
        send(reply)
        if (reply.kind === 'stopped') port.close()
      },
      (error: unknown) => send({ kind: 'failed', error: messageOf(error) }),
    )
  })
  send({ kind: 'started' })
} catch (error) {
  send({ kind: 'failed', error: messageOf(error) })
  port.close()
}
